import type { RouteRecordRaw } from 'vue-router'

export const paperRoutes: RouteRecordRaw[] = [{ path: '/f', component: () => import('./FormsPage.vue') }]
