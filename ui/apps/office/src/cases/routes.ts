import type { RouteRecordRaw } from 'vue-router'

export const caseRoutes: RouteRecordRaw[] = [
  { path: '/c', component: () => import('./CasesPage.vue') },
  { path: '/c/:id', component: () => import('./CasePage.vue'), props: true },
  { path: '/c/:id/r/:rid', component: () => import('./RecordPage.vue'), props: true },
  { path: '/c/:id/k', component: () => import('./CardPage.vue'), props: true },
  { path: '/c/:id/w', component: () => import('./LookedPage.vue'), props: true },
]
