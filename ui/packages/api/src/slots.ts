// Free times travel shift by shift, so that who and where are said once; screens show one time at a time.
import type { FreeTimes, Slot } from './contract'

export function slotsOf(shifts: FreeTimes[]): Slot[] {
  return shifts.flatMap(({ shift_id, counsellor, room, slot_minutes, starts }) =>
    starts.map((starts_at) => ({
      shift_id, counsellor, room, starts_at, ends_at: new Date(Date.parse(starts_at) + slot_minutes * 60_000).toISOString(),
    })))
}
