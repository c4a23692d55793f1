import { createRouter, createWebHistory } from 'vue-router'
import { useMe } from './identity/me'
import HomePage from './frame/HomePage.vue'

declare module 'vue-router' {
  interface RouteMeta { open?: boolean; home?: boolean }
}

export const router = createRouter({
  history: createWebHistory('/'),
  routes: [
    { path: '/', component: HomePage, meta: { open: true, home: true } },
    { path: '/in', component: () => import('./identity/SignInPage.vue'), meta: { open: true } },
    { path: '/first', component: () => import('./identity/FirstPage.vue'), meta: { open: true } },
    { path: '/h', component: () => import('./help/HelpPage.vue'), meta: { open: true } },
    { path: '/n', component: () => import('./identity/NoticePage.vue') },
    { path: '/b', component: () => import('./booking/BookPage.vue') },
    { path: '/m', component: () => import('./booking/MinePage.vue') },
    { path: '/t', component: () => import('./notices/NoticesPage.vue') },
    { path: '/w', component: () => import('./looked/LookedPage.vue') },
    { path: '/:rest(.*)', redirect: '/' },
  ],
  scrollBehavior: () => ({ top: 0 }),
})

router.beforeEach(async (to) => {
  const { me, ready } = useMe()
  if (to.meta.open) return true
  await ready()
  if (!me.value) return { path: '/in', query: { to: to.fullPath } }
  if (me.value.needs.includes('pledge') && to.path !== '/n') return { path: '/n' }
  return true
})
