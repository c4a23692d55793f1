import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import type { Need } from '@xinyi/api'
import { useSession } from './identity/session'
import { identityRoutes } from './identity/routes'
import { setupRoutes } from './setup/routes'
import { todayRoutes } from './today/routes'
import { scheduleRoutes } from './schedule/routes'
import { rosterRoutes } from './roster/routes'
import { peopleRoutes } from './people/routes'
import { caseRoutes } from './cases/routes'
import { paperRoutes } from './paper/routes'
import { declarationRoutes } from './declarations/routes'
import { systemRoutes } from './system/routes'
import { noticeRoutes } from './notices/routes'

declare module 'vue-router' {
  interface RouteMeta { plain?: boolean; open?: boolean; need?: Need }
}

const routes: RouteRecordRaw[] = [
  ...identityRoutes, ...setupRoutes, ...todayRoutes, ...scheduleRoutes, ...rosterRoutes, ...peopleRoutes, ...caseRoutes, ...declarationRoutes, ...paperRoutes, ...systemRoutes, ...noticeRoutes,
  { path: '/', redirect: () => useSession().home },
  { path: '/:rest(.*)*', redirect: () => useSession().home },
]

export const router = createRouter({
  history: createWebHistory('/office/'),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

const gates: [Need, string][] = [['totp', '/k'], ['pledge', '/p'], ['certification', '/w']]

router.beforeEach(async (to) => {
  const session = useSession()
  await session.ready()
  if (session.about?.setup_needed && to.path !== '/start') return '/start'
  if (to.meta.open) return true
  if (!session.me) return { path: '/in', query: to.redirectedFrom ? {} : { to: to.fullPath } }
  const gate = gates.find(([need]) => session.me?.needs.includes(need))
  if (gate && to.path !== gate[1]) return gate[1]
  if (!gate && to.meta.need) return session.home
  return true
})
