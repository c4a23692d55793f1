import type { RouteRecordRaw } from 'vue-router'

export const systemRoutes: RouteRecordRaw[] = [{ path: '/y', component: () => import('./SystemPage.vue') }]
