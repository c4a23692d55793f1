// What the campaigns share: the line that says how many tries were made and how many failed, copies of a database as a
// thief would take them, students by the hundred, and slots by the hundred.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { today, top } from './harness.mjs'

/** script/assure asks for the long run; everything else gets the short one. */
export const full = process.env.XINYI_CAMPAIGN === 'full'

/** One line for people, one for the table of script/assure. */
export function report({ name, tries, failures, control, note = '', since }) {
  const seconds = ((performance.now() - since) / 1000).toFixed(0)
  console.log(`campaign "${name}": ${tries} tries, ${failures} failures; control: ${control}; ${note ? `${note}; ` : ''}${seconds} s`)
  fs.mkdirSync(join(top, 'build/logs'), { recursive: true })
  fs.appendFileSync(join(top, 'build/logs/campaigns.tsv'), [name, tries, failures, control, note, `${seconds} s`].join('\t') + '\n')
}

export const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))] ?? 0

/** Runs `work` on every item, `wide` at a time. */
export async function inParallel(items, wide, work) {
  const out = new Array(items.length)
  let next = 0
  await Promise.all(Array.from({ length: Math.min(wide, items.length) }, async () => {
    while (next < items.length) {
      const mine = next++
      out[mine] = await work(items[mine], mine)
    }
  }))
  return out
}

/** Database and log copied as they lie there; the original stays as it is. */
export function copyOf(school, name = 'copy') {
  const to = join(school.folder, name)
  fs.rmSync(to, { recursive: true, force: true })
  fs.mkdirSync(to)
  for (const file of ['xinyi.db', 'xinyi.db-wal'])
    if (fs.existsSync(join(school.data, file))) fs.copyFileSync(join(school.data, file), join(to, file))
  return join(to, 'xinyi.db')
}
/** Rows of a query on such a copy. Blobs must be asked for with hex(). */
export function rows(file, query) {
  const out = execFileSync('sqlite3', ['-json', file, query], { encoding: 'utf8', maxBuffer: 1 << 29 })
  return out.trim() ? JSON.parse(out) : []
}
export const change = (file, statements) => execFileSync('sqlite3', ['-bail', file, statements], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** The account names of all students of a demonstration school made for `everyone`. */
export async function studentNames(school) {
  return (await school.storage.rows(`SELECT username FROM accounts WHERE roles = 'student' AND state = 'active' ORDER BY username`)).map((row) => row.username)
}

/** Signed-in clients for the account names; `where` says which server the n-th talks to. */
export async function signInAll(names, password, where) {
  return inParallel(names, 8, async (username, n) => {
    const client = where(n).client({ username })
    client.me = await client.ok('POST', '/api/v1/session', { username, password })
    return client
  })
}

/** Evening shifts of two counsellors (who have no other) at once, ten minutes a slot, from tomorrow on: `count` slots {shift_id, starts_at}. */
export async function eveningSlots(school, director, count) {
  const busy = new Set((await director.ok('GET', `/api/v1/shifts?from=${today(school)}&to=${today(school, 30)}`)).items.map((shift) => shift.counsellor.id))
  const people = (await director.ok('GET', '/api/v1/counsellors')).items.filter((person) => !busy.has(person.id))
  const rooms = await inParallel(['甲', '乙'], 1, (name) => director.ok('POST', '/api/v1/rooms', { name, function: 'individual', capacity: 3 }))
  const out = []
  for (let day = 1; out.length < count; day++)
    for (const which of [0, 1]) {
      const shift = await director.ok('POST', '/api/v1/shifts',
        { counsellor_id: people[which].id, room_id: rooms[which].id, date: today(school, day), starts: '18:00', ends: '22:00', slot_minutes: 10 })
      for (let at = Date.parse(shift.starts_at); at < Date.parse(shift.ends_at); at += 600_000)
        out.push({ shift_id: shift.id, starts_at: new Date(at).toISOString() })
    }
  return out.slice(0, count)
}
