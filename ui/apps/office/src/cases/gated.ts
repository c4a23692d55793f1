import { onMounted, ref, shallowRef } from 'vue'
import type { Id } from '@xinyi/api'
import { useAccess, wantsReason } from './access'

/**
 * Something of a case, opened as the page appears. Where the case is a colleague's, `gate` asks for a reason first;
 * `give` opens with it.
 */
export function useGated<T>(id: Id, open: (reason: string | undefined) => Promise<T>) {
  const access = useAccess()
  const value = shallowRef<T>()
  const error = ref<unknown>()
  const gate = ref(false)

  async function load(): Promise<void> {
    error.value = undefined
    try {
      value.value = await open(access.reason(id))
      gate.value = false
    } catch (problem) {
      if (wantsReason(problem) && !access.reason(id)) gate.value = true
      else error.value = problem
    }
  }
  async function give(reason: string): Promise<void> {
    access.reasons.set(id, reason)
    await load()
  }
  onMounted(load)
  return { value, error, gate, load, give }
}
