/** '' for nothing, HH:MM for a time, undefined for anything else. */
export function readClock(text: string): string | undefined {
  const plain = text.normalize('NFKC').trim()
  if (plain === '') return ''
  const found = /^(\d{1,2})[:.时点]?(\d{2})?分?$/.exec(plain) ?? /^(\d{2})(\d{2})$/.exec(plain)
  if (!found) return undefined
  const hour = Number(found[1])
  const minute = Number(found[2] ?? 0)
  if (hour > 23 || minute > 59) return undefined
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
