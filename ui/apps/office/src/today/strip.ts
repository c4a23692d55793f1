import type { Day, DayAppointment, Slot } from '@xinyi/api'

export interface Block {
  id: string
  kind: 'appointment' | 'free'
  left: number
  width: number
  appointment?: DayAppointment
  slot?: Slot
}
export interface Strip { hours: { at: string; left: number }[]; blocks: Block[]; now: number | undefined; duty: { left: number; width: number }[] }

const hour = 3_600_000

/** Where everything lies on a line from the first to the last hour of the day, in per cent. */
export function strip(day: Day, free: Slot[], now: number): Strip | undefined {
  const live = day.appointments.filter((each) => each.state !== 'cancelled')
  const spans = [...day.shifts, ...live, ...free].filter((each) => each.starts_at && each.ends_at)
  if (spans.length === 0) return undefined
  const from = Math.floor(Math.min(...spans.map((each) => Date.parse(each.starts_at))) / hour) * hour
  const to = Math.ceil(Math.max(...spans.map((each) => Date.parse(each.ends_at))) / hour) * hour
  const at = (time: number): number => ((time - from) / (to - from)) * 100
  const place = (each: { starts_at: string; ends_at: string }) => {
    const left = at(Date.parse(each.starts_at))
    return { left, width: at(Date.parse(each.ends_at)) - left }
  }
  const hours = []
  for (let time = from; time <= to; time += hour) hours.push({ at: new Date(time).toISOString(), left: at(time) })
  return {
    hours,
    duty: day.shifts.filter((each) => each.starts_at).map(place),
    blocks: [
      ...live.map((each): Block => ({ id: each.id, kind: 'appointment', ...place(each), appointment: each })),
      ...free.map((each): Block => ({ id: each.shift_id + each.starts_at, kind: 'free', ...place(each), slot: each })),
    ],
    now: now > from && now < to ? at(now) : undefined,
  }
}

export function hoursLate(due: string, now: number): number {
  return Math.floor(Math.abs(now - Date.parse(due)) / hour)
}
