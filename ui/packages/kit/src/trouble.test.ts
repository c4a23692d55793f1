import { describe, expect, it } from 'vitest'
import { Problem, Unreachable } from '@xinyi/api'
import { trouble } from './trouble'

describe('trouble', () => {
  it('speaks the server’s sentence in the reader’s language', () => {
    const problem = new Problem(409, { code: 'slot_taken', text: { zh: '这个时间已有人', en: 'This time is taken' }, id: 'a1' })
    expect(trouble(problem, 'zh')).toEqual({ text: '这个时间已有人', id: 'a1', retry: false })
    expect(trouble(problem, 'en').text).toBe('This time is taken')
  })

  it('says that nothing is lost when no answer came', () => {
    expect(trouble(new Unreachable(new TypeError('fetch')), 'zh')).toMatchObject({ retry: true, id: undefined })
    expect(trouble(new Unreachable(null), 'zh').text).toContain('没有丢失')
  })

  it('keeps extras and finds the sentence of a field', () => {
    const problem = new Problem(422, {
      code: 'invalid', free: [1], problems: [{ field: 'name', code: 'short', text: { zh: '太短', en: 'Too short' } }],
    })
    expect(problem.extra.free).toEqual([1])
    expect(problem.at('name', 'en')).toBe('Too short')
    expect(problem.at('other', 'en')).toBeUndefined()
  })

  it('never shows an empty sentence', () => {
    for (const status of [400, 401, 403, 404, 413, 429, 500, 503]) expect(trouble(new Problem(status, {}), 'zh').text).not.toBe('')
    expect(trouble(new Error('x'), 'en').text).not.toBe('')
  })
})
