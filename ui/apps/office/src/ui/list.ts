import { onMounted, ref, type Ref } from 'vue'

/** A list of the page, and the adding to it: what is loaded, what failed, what is still missing in the form. */
export function useList<Item>(read: () => Promise<Item[]>) {
  const items = ref() as Ref<Item[] | undefined>
  const error = ref<unknown>()
  const failed = ref<unknown>()
  const busy = ref(false)
  const tried = ref(false)

  async function load(): Promise<void> {
    error.value = undefined
    try {
      items.value = await read()
    } catch (problem) {
      error.value = problem
    }
  }
  /** `complete`: nothing is missing; `act` adds; `clear` empties the form afterwards. */
  async function add(complete: boolean, act: () => Promise<unknown>, clear: () => void): Promise<void> {
    tried.value = true
    failed.value = undefined
    if (!complete) return
    busy.value = true
    try {
      await act()
      clear()
      tried.value = false
      await load()
    } catch (problem) {
      failed.value = problem
    } finally {
      busy.value = false
    }
  }
  onMounted(load)
  return { items, error, failed, busy, tried, load, add }
}
