// Many want the same: one slot at once, then many clients on many slots with cancellations between. On SQLite, or, inside
// script/with-postgres, on PostgreSQL with two server processes over one database.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { eveningSlots, full, inParallel, quantile, report, signInAll, studentNames } from './campaign_kit.mjs'
import { School, book, demoSchool, freeSlots, onPostgres, slotsOf, today } from './harness.mjs'

const size = full ? { crowd: 1000, rounds: 5, clients: 200, attempts: 20_000, slots: 500 } : { crowd: 100, rounds: 2, clients: 40, attempts: 1500, slots: 100 }
const engine = onPostgres ? 'PostgreSQL, two server processes' : 'SQLite'
const slotOf = (shift, milliseconds) => `${shift.replaceAll('-', '')} ${milliseconds}`
const named = (slot) => slotOf(slot.shift_id, Date.parse(slot.starts_at))

/** The school's servers: one, or two over one PostgreSQL database with the same secrets. The last is where its database is. */
async function houses(students) {
  const home = await demoSchool({ students, served: false, everyone: true })
  const names = (await studentNames(home)).filter((name) => !name.startsWith('student'))
  await home.serve()
  if (!onPostgres) return { all: [home], home, names }
  const second = new School()
  fs.mkdirSync(second.data)
  second.storage = { options: [...home.storage.options, '--secrets', `${home.data}.secrets`], drop: async () => {}, rows: (sql) => home.storage.rows(sql) }
  await second.serve()
  return { all: [second, home], home, names }
}

const booked = (school) => school.storage.rows(
  `SELECT lower(hex(id)) AS id, lower(hex(shift_id)) AS shift, lower(hex(client)) AS client, lower(hex(counsellor_id)) AS counsellor, starts_at / 1000 AS starts, ends_at / 1000 AS ends FROM appointments WHERE state = 'booked'`)
const hex = (id) => id.replaceAll('-', '')

/** What is wrong with the booked appointments whatever the replies said: a person or a slot in two places at once. */
function clashes(list) {
  const bad = []
  for (const by of ['client', 'counsellor']) {
    const sorted = [...list].sort((a, b) => a[by].localeCompare(b[by]) || a.starts - b.starts)
    sorted.slice(1).forEach((row, i) => {
      if (row[by] === sorted[i][by] && row.starts < sorted[i].ends) bad.push(`${by} twice at ${new Date(row.starts).toISOString()}`)
    })
  }
  return bad
}

/** `crowd` clients ask for one slot in one moment. Returns the answers and what is wrong with them. */
async function rush(all, clients, slot) {
  await inParallel(clients, 50, (client) => client.ok('GET', '/api/v1/session'))  // every connection is open and warm
  const answers = await Promise.all(clients.map((client) => book(client, slot)))
  const wrong = []
  const winners = answers.filter((answer) => answer.status === 201)
  if (winners.length !== 1) wrong.push(`${winners.length} winners`)
  const list = await booked(all[0])
  const taken = new Set(list.map((row) => slotOf(row.shift, row.starts)))
  const shown = new Set()
  for (const answer of answers) {
    if (answer.status === 201) continue
    if (answer.status !== 409 || answer.code !== 'slot_taken') wrong.push(`answered ${answer}`)
    else if (!(answer.json.free?.length > 0)) wrong.push('no free slot offered')
    else for (const free of slotsOf(answer.json.free)) shown.add(named(free))
  }
  for (const each of shown) if (taken.has(each)) wrong.push('a taken slot was offered as free')
  const here = list.filter((row) => slotOf(row.shift, row.starts) === named(slot))
  if (here.length !== winners.length || (winners.length === 1 && here[0]?.id !== hex(winners[0].json.id))) wrong.push(`${here.length} appointments stored`)
  return { wrong: [...wrong, ...clashes(list)], answers }
}

async function oneSlot(all, home, names) {
  const since = performance.now()
  const clients = await signInAll(names.slice(0, size.crowd), home.password, (n) => all[n % all.length])
  // One slot a day: who won one round is free to ask in the next.
  const days = new Map((await freeSlots(clients[0], { from: today(home, 1) })).map((slot) => [slot.starts_at.slice(0, 10), slot]))
  const wrong = []
  for (const slot of [...days.values()].slice(0, size.rounds)) wrong.push(...(await rush(all, clients, slot)).wrong)
  return { clients, wrong, since }
}

/** The same rush on the database without its rule against overlaps: more than one must win, and be noticed. */
async function ruleTakenAway(all, home, clients) {
  for (const school of all) await school.stop()
  await home.storage.tamper(onPostgres ? 'ALTER TABLE occupancy DROP CONSTRAINT occupancy_no_overlap'
    : 'CREATE TABLE without AS SELECT * FROM occupancy; DROP TABLE occupancy; ALTER TABLE without RENAME TO occupancy')
  for (const school of all) await school.serve()
  const { wrong, answers } = await rush(all, clients, (await freeSlots(clients[0], { from: today(home, 1) })).at(-1))
  return wrong.length > 0 ? answers.filter((answer) => answer.status === 201).length : 0
}

/** Many clients, many attempts, some cancellations; at the end the replies and the database must tell the same story. */
async function manySlots(all, home, crowd) {
  const since = performance.now()
  const slots = await eveningSlots(home, await home.as('director'), size.slots)
  const clients = crowd.slice(0, size.clients)
  const before = new Set((await booked(all[0])).map((row) => row.id))
  const live = new Map()   // appointment -> {slot, client}, as the replies say
  const outcomes = {}, waits = [], wrong = []
  let attempts = 0, stuck = 0
  const started = performance.now()
  await Promise.all(clients.map(async (client, me) => {
    const mine = []
    while (attempts < size.attempts) {
      attempts += 1
      const from = performance.now()
      // Now and then one gives a slot back, so that there is something to win until the end.
      if (mine.length > 0 && randomInt(10) < 3) {
        const [id] = mine.splice(randomInt(mine.length), 1)
        const answer = await client.post(`/api/v1/appointments/${id}/cancel`, {})
        outcomes[`cancel ${answer}`] = (outcomes[`cancel ${answer}`] ?? 0) + 1
        if (answer.status !== 200) wrong.push(`cancel: ${answer}`)
        else live.delete(hex(id))
      } else {
        const slot = slots[randomInt(slots.length)]
        const answer = await book(client, slot)
        outcomes[`book ${answer}`] = (outcomes[`book ${answer}`] ?? 0) + 1
        if (answer.status === 201) {
          mine.push(answer.json.id)
          live.set(hex(answer.json.id), { me, at: named(slot) })
        } else if (answer.status !== 409 || !['slot_taken', 'client_busy'].includes(answer.code)) wrong.push(`book: ${answer}`)
      }
      waits.push(performance.now() - from)
      if (waits.at(-1) > 10_000) stuck += 1
    }
  }))
  const seconds = (performance.now() - started) / 1000
  const list = (await booked(all[0])).filter((row) => !before.has(row.id))
  const perSlot = new Map()
  for (const row of list) {
    const at = slotOf(row.shift, row.starts)
    if (perSlot.has(at)) wrong.push('a slot has two booked appointments')
    perSlot.set(at, row)
    const said = live.get(row.id)
    if (!said) wrong.push('booked in the database, never said so')
    else if (said.at !== at) wrong.push('another slot than the reply said')
  }
  for (const id of live.keys()) if (!list.some((row) => row.id === id)) wrong.push('said to be booked, not in the database')
  const whose = new Map()
  for (const row of list) {
    const { me } = live.get(row.id) ?? {}
    if (whose.has(me) && whose.get(me) !== row.client) wrong.push('one client under two pseudonyms')
    whose.set(me, row.client)
  }
  if (new Set(whose.values()).size !== whose.size) wrong.push('two clients under one pseudonym')
  wrong.push(...clashes(list))
  // The checks are shown to see: one row doubled in a copy of what was found.
  if (clashes([...list, { ...list[0], id: 'x' }]).length === 0) wrong.push('the check does not see a doubled booking')
  if (list.length < size.slots / 3) wrong.push(`only ${list.length} slots were booked: too little to prove anything`)
  console.log(outcomes)
  return { wrong, attempts, since,
    note: `${(attempts / seconds).toFixed(0)}/s, median ${quantile(waits, 0.5).toFixed(0)} ms, p99 ${quantile(waits, 0.99).toFixed(0)} ms, ${outcomes['book 201 '] ?? 0} booked, ${stuck} answers later than 10 s` }
}

export async function race() {
  const { all, home, names } = await houses(Math.max(size.crowd, size.clients) + 12)
  try {
    const one = await oneSlot(all, home, names)
    const many = await manySlots(all, home, one.clients)
    for (const school of all) await school.stop()
    const verified = await home.cli(['audit', 'verify', '--json'])
    if (verified.status !== 0) many.wrong.push(`audit: ${verified.stdout}${verified.stderr}`)
    const seen = await ruleTakenAway(all, home, one.clients.slice(0, 20))
    const control = `without the database's rule ${seen} of 20 got one slot, and it was seen`
    report({ name: `one slot, ${size.crowd} students at once (${engine})`, tries: size.rounds * size.crowd, failures: one.wrong.length, control,
      note: `${size.rounds} rounds`, since: one.since })
    report({ name: `${size.clients} clients on ${size.slots} slots (${engine})`, tries: many.attempts, failures: many.wrong.length, control, note: many.note, since: many.since })
    one.clients.forEach((client) => client.close())
    assert.deepEqual([...one.wrong, ...many.wrong].slice(0, 10), [])
    assert.ok(seen > 1, 'the control saw no double booking')
  } finally {
    for (const school of all) await school.remove()
  }
}

if (process.argv[1] === import.meta.filename) await race()
