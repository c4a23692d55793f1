import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { Problem, Unreachable, records, type CaseRecord, type Id } from '@xinyi/api'
import { complete, filled, type Fields } from './fields'

const pause = 3000
const again = 10_000
export type DraftState = 'idle' | 'changed' | 'saving' | 'saved' | 'lost' | 'refused' | 'conflict'

/** Keeps a draft on the server: three seconds after the last change, and whenever it is told to. */
export function useDraft(id: Id, fields: Ref<Fields>) {
  const state = ref<DraftState>('idle')
  const version = ref(0)
  const savedAt = ref<string | null>(null)
  const error = ref<unknown>()
  const theirs = ref<{ version: number; fields: Fields }>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: Promise<boolean> | undefined
  let kept = ''
  let active = false

  const now = (): string => JSON.stringify(fields.value)
  const dirty = computed(() => ['changed', 'saving', 'lost', 'refused', 'conflict'].includes(state.value))

  function begin(record: CaseRecord): void {
    version.value = record.version
    savedAt.value = record.saved_at ?? null
    kept = now()
    active = true
    state.value = record.saved_at ? 'saved' : 'idle'
  }

  function plan(delay: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void flush(), delay)
  }

  watch(fields, () => {
    if (!active || state.value === 'conflict') return
    if (now() === kept) return
    if (state.value !== 'lost') state.value = 'changed'
    plan(pause)
  }, { deep: true })

  async function save(): Promise<boolean> {
    const sent = now()
    if (sent === kept) return true
    state.value = 'saving'
    error.value = undefined
    try {
      const done = await records.save(id, version.value, filled(fields.value))
      version.value = done.version
      savedAt.value = done.saved_at
      kept = sent
      if (now() === kept) {
        state.value = 'saved'
        return true
      }
      state.value = 'changed'
      plan(pause)
      return false
    } catch (problem) {
      if (problem instanceof Unreachable) {
        state.value = 'lost'
        plan(again)
      } else if (problem instanceof Problem && problem.status === 412) {
        await meet(problem)
      } else {
        error.value = problem
        state.value = 'refused'
      }
      return false
    }
  }

  async function meet(problem: Problem): Promise<void> {
    let current = problem.extra.current as Partial<CaseRecord> | undefined
    try {
      if (!current?.fields || current.version === undefined) current = await records.open(id)
    } catch (failure) {
      error.value = failure
      state.value = 'refused'
      return
    }
    const other = complete(current.fields ?? {})
    if (JSON.stringify(other) === now()) {
      version.value = current.version ?? version.value
      kept = now()
      state.value = 'saved'
      return
    }
    theirs.value = { version: current.version ?? version.value, fields: other }
    state.value = 'conflict'
  }

  /** Saves at once; true when everything on the page is on the server. */
  async function flush(): Promise<boolean> {
    clearTimeout(timer)
    if (running) await running
    if (!active || state.value === 'conflict') return state.value !== 'conflict'
    running = save().finally(() => { running = undefined })
    const done = await running
    return done || (state.value === 'changed' ? flush() : false)
  }

  async function keepMine(chosen: Fields): Promise<void> {
    if (!theirs.value) return
    version.value = theirs.value.version
    kept = JSON.stringify(theirs.value.fields)
    theirs.value = undefined
    fields.value = chosen
    state.value = 'changed'
    await flush()
  }

  function takeTheirs(): void {
    if (!theirs.value) return
    version.value = theirs.value.version
    fields.value = theirs.value.fields
    kept = now()
    theirs.value = undefined
    state.value = 'saved'
  }

  function stop(): void {
    active = false
    clearTimeout(timer)
  }
  onScopeDispose(stop)

  return { state, version, savedAt, error, theirs, dirty, begin, flush, keepMine, takeTheirs, stop }
}
