import { expect, it } from 'vitest'
import { readClock } from './clock'

it('reads a time however it is typed', () => {
  for (const text of ['14:20', '1420', '14.20', '14:20', ' 14时20分 ']) expect(readClock(text)).toBe('14:20')
  expect(readClock('8')).toBe('08:00')
  expect(readClock('820')).toBe('08:20')
  expect(readClock('')).toBe('')
  for (const text of ['25:00', '12:60', 'noon', '1:2']) expect(readClock(text)).toBeUndefined()
})
