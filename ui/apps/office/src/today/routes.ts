import type { RouteRecordRaw } from 'vue-router'

export const todayRoutes: RouteRecordRaw[] = [{ path: '/d', component: () => import('./TodayPage.vue') }]
