import type { RouteRecordRaw } from 'vue-router'

export const rosterRoutes: RouteRecordRaw[] = [
  { path: '/s', component: () => import('./StudentsPage.vue') },
  { path: '/i', component: () => import('./ImportPage.vue') },
]
