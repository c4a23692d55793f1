import { ref } from 'vue'
import { on, publicly, session, type About, type Me } from '@xinyi/api'

const me = ref<Me | null>(null)
const about = ref<About | null>(null)
/** The session ended by itself, not by its person. */
const ended = ref(false)
let asked: Promise<void> | undefined

async function ask(): Promise<void> {
  try {
    me.value = await session.current()
  } catch {
    me.value = null
  }
}

export function useMe() {
  return {
    me,
    about,
    ended,
    ready: () => (asked ??= ask()),
    accept(next: Me) {
      me.value = next
      ended.value = false
      asked = Promise.resolve()
    },
    async leave() {
      try {
        await session.signOut()
      } finally {
        me.value = null
      }
    },
    async loadAbout() {
      about.value ??= await publicly.about()
    },
    zone: () => me.value?.school.zone ?? about.value?.school?.zone ?? 'Asia/Shanghai',
  }
}

on('ended', () => {
  ended.value = me.value !== null
  me.value = null
})
