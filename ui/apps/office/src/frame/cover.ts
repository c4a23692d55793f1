import { ref } from 'vue'

const hidden = ref(false)
const before = new Set<() => void>()

/** One key and the screen shows nothing. Whatever is being written stays where it is. */
export function useCover() {
  return {
    hidden,
    hide() {
      hidden.value = true
      for (const act of before) act()
    },
    show() {
      hidden.value = false
    },
    /** Called as the screen goes dark, for instance to save a draft. */
    onHide(act: () => void) {
      before.add(act)
      return () => before.delete(act)
    },
  }
}
