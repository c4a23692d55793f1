import type { Slot } from '@xinyi/api'
import { addDays, dateOf, today } from '@xinyi/kit'

export const daysShown = 14

export interface DayChoice { date: string; slots: Slot[] }

/** Times still ahead, grouped by the school's day; one line per time and person. */
export function byDay(slots: Slot[], zone: string, now = Date.now()): DayChoice[] {
  const days = new Map<string, Slot[]>()
  const sorted = slots
    .filter((slot) => Date.parse(slot.starts_at) > now)
    .sort((a, b) => a.starts_at.localeCompare(b.starts_at) || a.counsellor.name.localeCompare(b.counsellor.name, 'zh'))
  for (const slot of sorted) {
    const date = dateOf(slot.starts_at, zone)
    const known = days.get(date)
    if (known) known.push(slot)
    else days.set(date, [slot])
  }
  return [...days].map(([date, inside]) => ({ date, slots: inside }))
}

export function range(zone: string): { from: string; to: string } {
  const from = today(zone)
  return { from, to: addDays(from, daysShown) }
}

export function isWoman(gender: string | null | undefined): boolean {
  return gender === 'female' || gender === '女' || gender === '2' || gender === 'f'
}

export function isMan(gender: string | null | undefined): boolean {
  return gender === 'male' || gender === '男' || gender === '1' || gender === 'm'
}
