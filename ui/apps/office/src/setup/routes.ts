import type { RouteRecordRaw } from 'vue-router'

export const setupRoutes: RouteRecordRaw[] = [
  { path: '/start', component: () => import('./SetupPage.vue'), meta: { plain: true, open: true } },
]
