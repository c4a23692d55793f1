import { session } from '@xinyi/api'

// A page that anybody might have open. Nothing is asked of it.
const elsewhere = 'https://www.weather.com.cn/'

const here = (): number => Number((history.state as { position?: number } | null)?.position ?? 0)
let start = 0

/** Where this document began: what lies before it is not ours to unwind. */
export function markStart(): void {
  start = here()
}

/** Blank first, then sign out, then unwind our own history so that "back" finds nothing of it. */
export function quickExit(): void {
  document.documentElement.hidden = true
  void session.signOut().catch(() => undefined)
  const steps = here() - start
  let gone = false
  const go = (): void => {
    if (gone) return
    gone = true
    location.replace(elsewhere)
  }
  if (steps > 0) {
    addEventListener('popstate', go, { capture: true, once: true })
    history.go(-steps)
    setTimeout(go, 200)
  } else {
    go()
  }
}
