import { describe, expect, it } from 'vitest'
import { Problem, Unreachable } from '@xinyi/api'
import { trouble } from './trouble'

describe('trouble', () => {
  it('speaks the server’s sentence in the reader’s language', () => {
    const problem = new Problem(409, { code: 'slot_taken', text: { zh: '这个时间已有人', en: 'This time is taken' }, id: 'a1' })
    expect(trouble(problem, 'zh')).toEqual({ text: '这个时间已有人', id: undefined, retry: false })
    expect(trouble(problem, 'en').text).toBe('This time is taken')
  })

  it('says that nothing is lost when no answer came', () => {
    expect(trouble(new Unreachable(new TypeError('fetch')), 'zh')).toMatchObject({ retry: true, id: undefined })
    expect(trouble(new Unreachable(null), 'zh').text).toContain('没有丢失')
  })

  it('gives a number to report only where something is broken', () => {
    const text = { zh: '出了问题', en: 'Something went wrong' }
    expect(trouble(new Problem(500, { code: 'internal', text, id: 'a1' }), 'zh').id).toBe('a1')
    expect(trouble(new Problem(403, { code: 'not_allowed', text, id: 'a1' }), 'zh').id).toBeUndefined()
    expect(trouble(new Problem(400, { id: 'a1' }), 'zh').id).toBe('a1')
  })

  it('says how long a pause is', () => {
    const pause = (retry_after_s: unknown) => new Problem(429, { code: 'slow_down', text: { zh: '请稍等。', en: 'Wait.' }, retry_after_s })
    expect(trouble(pause(30), 'zh').text).toBe('请稍等。 30 秒以后可以再试。')
    expect(trouble(pause(30), 'en').text).toBe('Wait. You can try again in 30 seconds.')
    expect(trouble(pause(900), 'zh').text).toBe('请稍等。 大约 15 分钟以后可以再试。')
    for (const odd of [undefined, 'soon', 0, -1, Number.NaN]) expect(trouble(pause(odd), 'zh').text).toBe('请稍等。')
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
