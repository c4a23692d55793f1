import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { Problem, Unreachable, records, type CaseRecord } from '@xinyi/api'
import { complete } from './fields'
import { useDraft } from './draft'

const record = { id: 'r', version: 1, saved_at: null, fields: {} } as unknown as CaseRecord

function make() {
  const fields = ref(complete({}))
  const scope = effectScope()
  const draft = scope.run(() => useDraft('r', fields))!
  draft.begin(record)
  return { fields, draft, scope }
}

describe('a draft', () => {
  beforeEach(() => { vi.useFakeTimers() })
  afterEach(() => { vi.useRealTimers(); vi.restoreAllMocks() })

  it('is saved three seconds after the last change, with the version it is based on', async () => {
    const save = vi.spyOn(records, 'save').mockResolvedValue({ version: 2, saved_at: 'T' })
    const { fields, draft } = make()
    fields.value.aims = '第一句'
    await nextTick()
    await vi.advanceTimersByTimeAsync(2900)
    fields.value.aims = '第一句话'
    await nextTick()
    await vi.advanceTimersByTimeAsync(2900)
    expect(save).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(200)
    expect(save).toHaveBeenCalledTimes(1)
    expect(save).toHaveBeenCalledWith('r', 1, { aims: '第一句话' })
    expect(draft.state.value).toBe('saved')
    expect(draft.version.value).toBe(2)
  })

  it('keeps trying after a lost connection and loses nothing', async () => {
    const save = vi.spyOn(records, 'save').mockRejectedValueOnce(new Unreachable(null)).mockResolvedValue({ version: 2, saved_at: 'T' })
    const { fields, draft } = make()
    fields.value.aims = '还在'
    await nextTick()
    await vi.advanceTimersByTimeAsync(3000)
    expect(draft.state.value).toBe('lost')
    expect(draft.dirty.value).toBe(true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(save).toHaveBeenCalledTimes(2)
    expect(draft.state.value).toBe('saved')
    expect(fields.value.aims).toBe('还在')
  })

  it('shows both versions after a conflict and keeps the chosen one', async () => {
    const save = vi.spyOn(records, 'save')
      .mockRejectedValueOnce(new Problem(412, { code: 'changed_meanwhile', current: { version: 5, fields: { aims: '另一处' } } }))
      .mockResolvedValue({ version: 6, saved_at: 'T' })
    const { fields, draft } = make()
    fields.value.aims = '这一处'
    await nextTick()
    await vi.advanceTimersByTimeAsync(3000)
    expect(draft.state.value).toBe('conflict')
    expect(draft.theirs.value?.fields.aims).toBe('另一处')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(save).toHaveBeenCalledTimes(1)
    await draft.keepMine({ ...fields.value })
    expect(save).toHaveBeenLastCalledWith('r', 5, { aims: '这一处' })
    expect(draft.state.value).toBe('saved')
  })

  it('sends what was typed while a save was on its way', async () => {
    let release: (value: { version: number; saved_at: string }) => void = () => undefined
    const save = vi.spyOn(records, 'save')
      .mockImplementationOnce(() => new Promise((done) => { release = done }))
      .mockResolvedValue({ version: 3, saved_at: 'T' })
    const { fields, draft } = make()
    fields.value.aims = '一'
    const first = draft.flush()
    await nextTick()
    fields.value.aims = '一二'
    await nextTick()
    release({ version: 2, saved_at: 'T' })
    expect(await first).toBe(true)
    expect(save).toHaveBeenLastCalledWith('r', 2, { aims: '一二' })
  })
})
