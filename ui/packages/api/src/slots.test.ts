import { describe, expect, it } from 'vitest'
import { slotsOf } from './slots'

const who = { id: 'a', name: '周敏', gender: 'female' }
const where = { id: 'b', name: '心语室' }

describe('free times', () => {
  it('each time knows its shift, person, room and end', () => {
    const slots = slotsOf([
      { shift_id: 's1', counsellor: who, room: where, slot_minutes: 40, starts: ['2026-11-23T06:00:00Z', '2026-11-23T06:40:00Z'] },
      { shift_id: 's2', counsellor: who, room: where, slot_minutes: 15, starts: ['2026-11-24T23:50:00Z'] },
    ])
    expect(slots.map((slot) => [slot.shift_id, slot.starts_at, slot.ends_at])).toEqual([
      ['s1', '2026-11-23T06:00:00Z', '2026-11-23T06:40:00.000Z'],
      ['s1', '2026-11-23T06:40:00Z', '2026-11-23T07:20:00.000Z'],
      ['s2', '2026-11-24T23:50:00Z', '2026-11-25T00:05:00.000Z'],
    ])
    expect(slots.every((slot) => slot.counsellor === who && slot.room === where)).toBe(true)
  })
  it('nothing free is nothing', () => expect(slotsOf([])).toEqual([]))
})
