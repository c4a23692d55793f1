import { computed, ref } from 'vue'
import { declarations, type Declaration } from '@xinyi/api'

/** The texts that somebody has yet to acknowledge, one after the other; `finish` follows the last. */
export function useDue(finish: () => Promise<void> | void) {
  const due = ref<Declaration[]>()
  const total = ref(0)
  const busy = ref(false)
  const error = ref<unknown>()
  const current = computed(() => due.value?.[0])
  const number = computed(() => total.value - (due.value?.length ?? 0) + 1)

  async function load(): Promise<void> {
    error.value = undefined
    try {
      due.value = (await declarations.due()).items
      total.value = due.value.length
      if (total.value === 0) await finish()
    } catch (problem) {
      error.value = problem
    }
  }

  async function acknowledge(): Promise<void> {
    if (!current.value || busy.value) return
    busy.value = true
    error.value = undefined
    try {
      await declarations.acknowledge(current.value.id)
      due.value = due.value?.slice(1)
      if (due.value?.length === 0) await finish()
      else scrollTo({ top: 0 })
    } catch (problem) {
      error.value = problem
    } finally {
      busy.value = false
    }
  }

  return { current, number, total, busy, error, load, acknowledge }
}
