import type { RouteRecordRaw } from 'vue-router'

export const identityRoutes: RouteRecordRaw[] = [
  { path: '/in', component: () => import('./SignInPage.vue'), meta: { plain: true, open: true } },
  { path: '/first', component: () => import('./FirstPage.vue'), meta: { plain: true, open: true } },
  { path: '/k', component: () => import('./TotpPage.vue'), meta: { plain: true, need: 'totp' } },
  { path: '/p', component: () => import('./PledgePage.vue'), meta: { plain: true, need: 'pledge' } },
  { path: '/w', component: () => import('./WaitingPage.vue'), meta: { plain: true, need: 'certification' } },
  { path: '/me', component: () => import('./AccountPage.vue') },
]
