// One's own notices, kept up to date: a stream says that there is something, the list is then asked for. A window listens
// only while somebody can see it, so that many tabs do not use up the browser's connections.
import { computed, ref } from 'vue'
import { notices, type HouseEvent, type Notice } from '@xinyi/api'

const items = ref<Notice[]>()
const unread = ref(0)
const error = ref<unknown>()
/** Rises with every notice that came while the window was looking: what is read out, politely. */
const arrived = ref(0)
const askAgain = 60_000

let source: EventSource | undefined
let later: ReturnType<typeof setTimeout> | undefined
let wanted = false
let person = 0
let asking: Promise<void> | undefined
let stale = false

async function ask(): Promise<void> {
  const before = items.value
  const asker = person
  try {
    const list = await notices.list()
    if (asker !== person) return  // somebody else's by now
    const known = new Set(before?.map((each) => each.id))
    if (before && list.items.some((each) => !each.read && !known.has(each.id))) arrived.value += 1
    items.value = list.items
    unread.value = list.unread
    error.value = undefined
  } catch (problem) {
    if (asker === person) error.value = problem
  }
}

/** Events come in bursts: whatever comes while the list is under way asks for one more, not for many. */
function load(): Promise<void> {
  if (asking) {
    stale = true
    return asking
  }
  stale = false
  asking = ask().finally(() => {
    asking = undefined
    if (stale && wanted) void load()
  })
  return asking
}

function hush(): void {
  source?.close()
  source = undefined
  clearTimeout(later)
}

function listen(): void {
  hush()
  if (!wanted || document.visibilityState === 'hidden') return
  if (typeof EventSource === 'undefined') {
    later = setTimeout(() => { void load(); listen() }, askAgain)
    return
  }
  const opened = new EventSource('/api/v1/events')
  source = opened
  // After every connection the list is asked for once: nothing falls between the two.
  opened.onopen = () => void load()
  opened.onmessage = (message) => {
    const event = JSON.parse(message.data as string) as HouseEvent
    if (event.kind) void load()
  }
  opened.onerror = () => {
    // The browser comes back by itself, unless it was told no: session over, or too many windows.
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return
    hush()
    void load()
    later = setTimeout(listen, askAgain)
  }
}

export function useNotices() {
  return {
    items, unread, error, arrived,
    fresh: computed(() => items.value?.filter((each) => !each.read) ?? []),
    load,
    /** Somebody is signed in; calling it twice changes nothing. */
    start() {
      if (wanted) return
      wanted = true
      document.addEventListener('visibilitychange', listen)
      listen()
    },
    /** Nobody is: nothing of them stays. */
    stop() {
      wanted = false
      person += 1
      document.removeEventListener('visibilitychange', listen)
      hush()
      items.value = undefined
      unread.value = 0
      error.value = undefined
    },
    async read(ids?: string[]) {
      const list = await notices.read(ids)
      items.value = list.items
      unread.value = list.unread
    },
  }
}
