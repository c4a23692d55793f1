import type { RouteRecordRaw } from 'vue-router'

export const peopleRoutes: RouteRecordRaw[] = [{ path: '/t', component: () => import('./StaffPage.vue') }]
