import { session } from '@xinyi/api'

// A page that anybody might have open. Nothing is asked of it.
const elsewhere = 'https://www.weather.com.cn/'

/** Blank first, then sign out, then unwind our own history so that "back" finds nothing of it. */
export function quickExit(): void {
  document.documentElement.hidden = true
  void session.signOut().catch(() => undefined)
  const position = Number((history.state as { position?: number } | null)?.position ?? 0)
  let gone = false
  const go = (): void => {
    if (gone) return
    gone = true
    location.replace(elsewhere)
  }
  if (position > 0) {
    addEventListener('popstate', go, { capture: true, once: true })
    history.go(-position)
    setTimeout(go, 200)
  } else {
    go()
  }
}
