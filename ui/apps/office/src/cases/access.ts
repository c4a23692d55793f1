import { defineStore } from 'pinia'
import { ref } from 'vue'
import { Problem, cases, type CaseFile, type CaseHead, type Id } from '@xinyi/api'

/** Opening a colleague's case needs a reason; it is asked once per visit and goes with each opening. */
export const useAccess = defineStore('access', () => {
  const reasons = ref(new Map<Id, string>())
  const heads = ref(new Map<Id, CaseHead>())

  function keep(items: CaseHead[]): void {
    for (const item of items) heads.value.set(item.id, item)
  }

  async function open(id: Id): Promise<CaseFile> {
    const file = await cases.open(id, reasons.value.get(id))
    keep([file])
    return file
  }

  /** After a reload the list, which holds no content, tells the name again. */
  async function ensure(id: Id): Promise<void> {
    if (!heads.value.has(id)) keep((await cases.list().catch(() => ({ items: [] }))).items)
  }

  /** A name for the page's path, known from an earlier answer. */
  function label(id: Id): string {
    const head = heads.value.get(id)
    return head ? `${head.number} ${head.client.name}` : ''
  }

  return { reasons, keep, ensure, open, label, reason: (id: Id) => reasons.value.get(id) }
})

export function wantsReason(error: unknown): boolean {
  return error instanceof Problem && (error.field === 'reason' || error.code.includes('reason') || error.fields.some((each) => each.field === 'reason'))
}
