import type { RouteRecordRaw } from 'vue-router'

export const declarationRoutes: RouteRecordRaw[] = [{ path: '/e', component: () => import('./DeclarationsPage.vue') }]
