import type { RouteRecordRaw } from 'vue-router'

export const scheduleRoutes: RouteRecordRaw[] = [{ path: '/g', component: () => import('./SchedulePage.vue') }]
