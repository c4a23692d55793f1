import { expect, it } from 'vitest'
import { keepWords, takeWords } from './words'

it('gives words back to their writer, once, and to nobody else', () => {
  keepWords('a', { reason: '写好的话', urgent: true })
  expect(takeWords('a')).toEqual({ reason: '写好的话', urgent: true })
  expect(takeWords('a')).toBeUndefined()
  keepWords('a', { reason: '写好的话', urgent: false })
  expect(takeWords('b')).toBeUndefined()
  expect(takeWords('a')).toBeUndefined()
  keepWords('a', { reason: '  ', urgent: true })
  expect(takeWords('a')).toBeUndefined()
})
