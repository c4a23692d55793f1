import type { RouteRecordRaw } from 'vue-router'

export const noticeRoutes: RouteRecordRaw[] = [
  { path: '/n', component: () => import('./NoticesPage.vue') },
  { path: '/o', component: () => import('./SettingsPage.vue') },
]
