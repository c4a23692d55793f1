import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { on, publicly, session as calls, type About, type Me, type Role } from '@xinyi/api'
import { lastUser } from './lastUser'

const warnBefore = 120_000

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  const about = ref<About | null>(null)
  const ended = ref(false)
  const idleSpan = ref(0)
  const idleEnds = ref(0)
  let asked: Promise<void> | undefined

  function accept(next: Me): void {
    me.value = next
    ended.value = false
    lastUser.value = undefined
    idleSpan.value = Math.max(0, Date.parse(next.idle_ends_at) - Date.now())
    touch()
    asked = Promise.resolve()
  }

  /** Every answer keeps the session awake, up to its fixed end. */
  function touch(): void {
    if (!me.value) return
    idleEnds.value = Math.min(Date.now() + idleSpan.value, Date.parse(me.value.ends_at))
  }

  async function load(): Promise<void> {
    about.value = await publicly.about().catch(() => null)
    // Before set-up there is nobody to ask for.
    if (about.value?.setup_needed) return
    const person = await calls.current().catch(() => undefined)
    if (person) accept(person)
  }

  function ready(): Promise<void> {
    return (asked ??= load())
  }

  async function renew(): Promise<void> {
    accept(await calls.current())
  }

  async function leave(): Promise<void> {
    await calls.signOut()
    me.value = null
  }

  const owes = ref(false)
  let debt: { settled: Promise<void>; settle: () => void } | undefined
  /** A new version of the pledge stands in the way of an act: everything that waits for it waits for the same reading. */
  function owed(): Promise<void> {
    if (!debt) {
      let settle = (): void => undefined
      debt = { settled: new Promise((done) => { settle = done }), settle }
      owes.value = true
    }
    return debt.settled
  }
  function acknowledged(): void {
    owes.value = false
    debt?.settle()
    debt = undefined
  }

  const has = (...wanted: Role[]): boolean => wanted.some((role) => me.value?.roles.includes(role))
  const works = computed(() => has('counsellor', 'trainee', 'director', 'deputy', 'reception', 'crisis_team'))
  const home = computed(() => {
    if (works.value) return '/d'
    if (has('administrator')) return '/y'
    return '/me'
  })
  const zone = computed(() => me.value?.school.zone ?? about.value?.school?.zone ?? 'Asia/Shanghai')

  on('answered', touch)
  on('ended', () => {
    if (!me.value) return
    lastUser.value = { person_id: me.value.person_id, username: me.value.username }
    ended.value = true
  })

  return { me, about, ended, owes, idleEnds, warnBefore, accept, ready, renew, leave, owed, acknowledged, has, works, home, zone }
})
