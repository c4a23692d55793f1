// The pledge, the director's visible power, and staff who are clients.
import test from 'node:test'
import assert from 'node:assert/strict'
import { book, booked, demoSchool, freeSlot, openCase, record, visit } from './harness.mjs'

const because = '家长来电,责任老师请假,需要了解上次约定'

const school = await demoSchool({ clock: true })
test.after(() => school.remove())
school.moveTo('07:30', 1)
const [director, counsellor, colleague, student] = [await school.as('director'), await school.as('counsellor'), await school.as('counsellor2'), await school.as('student2')]
const [admin, archivist] = [await school.as('admin'), await school.as('archivist')]
const appointment = await visit(student, counsellor, { reason: '想换个人说说话' })

test('ETH-1 nobody opens a case before acknowledging the version in force; a new version asks again', async () => {
  const since = await school.audit.size()
  const text = { kind: 'ethics_pledge', title_zh: '伦理与保密承诺(修订)', title_en: 'Pledge, revised', text_zh: '我尊重来访者,并为其保守秘密。', text_en: 'I respect clients and keep their confidence.' }
  const before = (await counsellor.ok('GET', '/api/v1/declarations')).items
  assert.equal((await counsellor.post('/api/v1/declarations', text)).code, 'not_allowed')
  await director.ok('POST', '/api/v1/declarations', text)
  assert.equal((await school.audit.events({ since, act: 'declaration.published' })).length, 1)
  // Refused with a reason, and the refusal is in the log: cases, records, reasons, the list.
  for (const [method, path, body] of [['POST', '/api/v1/cases', { appointment_id: appointment.id }], ['GET', '/api/v1/cases'], ['POST', `/api/v1/appointments/${appointment.id}/reason/open`]]) {
    const from = await school.audit.size()
    const refused = await counsellor.send(method, path, body)
    assert.equal(refused.status, 403)
    assert.equal(refused.code, 'pledge_needed')
    assert.ok(refused.json.text.zh.includes('承诺'))
    const [event] = await school.audit.events({ since: from, act: 'access.refused' })
    assert.equal(event.person, counsellor.id)
  }
  assert.deepEqual((await counsellor.ok('GET', '/api/v1/session')).needs, ['pledge'])
  // The old version is no longer to be acknowledged; the new one opens the work.
  assert.equal((await counsellor.post(`/api/v1/declarations/${before[0].id}/acknowledge`, {})).code, 'not_found')
  const { items } = await counsellor.ok('GET', '/api/v1/declarations/due')
  assert.equal(items[0].version, before[0].version + 1)
  assert.equal(items[0].text.zh, text.text_zh)
  await counsellor.ok('POST', `/api/v1/declarations/${items[0].id}/acknowledge`, {})
  assert.equal((await school.audit.events({ since, act: 'declaration.acknowledged' })).at(-1).person, counsellor.id)
  assert.equal((await counsellor.get('/api/v1/cases')).status, 200)
  assert.equal((await colleague.get('/api/v1/cases')).code, 'pledge_needed', 'each for themselves')
  for (const each of [director, colleague])
    for (const due of (await each.ok('GET', '/api/v1/declarations/due')).items) await each.ok('POST', `/api/v1/declarations/${due.id}/acknowledge`, {})
})

let opened, signed

test('CARE-15 the director opens a colleague’s case only with a reason, which counsellor and client see', async () => {
  opened = await openCase(counsellor, appointment)
  signed = await record(counsellor, opened.id, { appointment })
  const routes = [`/api/v1/cases/${opened.id}/open`, `/api/v1/records/${signed.id}/open`, `/api/v1/cases/${opened.id}/card/open`]
  for (const path of routes) {
    const since = await school.audit.size()
    const refused = await director.post(path, {})
    assert.equal(refused.status, 422)
    assert.equal(refused.code, 'reason_needed')
    assert.ok(!refused.text.includes('睡不好'))
    assert.equal((await school.audit.events({ since, act: 'access.refused' }))[0]?.person, director.id, path)
    assert.equal((await director.post(path, { reason: ' ' })).status, 422, 'a blank is no reason')
    const from = await school.audit.size()
    await director.ok('POST', path, { reason: because })
    const acts = (await school.audit.events({ since: from })).filter((each) => each.has_why)
    assert.ok(acts.some((each) => each.act === 'room_key.used' && each.person === director.id), path)
  }
  const seen = (await counsellor.ok('POST', `/api/v1/cases/${opened.id}/who-looked`)).items.filter((each) => each.actor_name === director.me.name)
  assert.ok(seen.length >= 3)
  assert.ok(seen.every((each) => each.refused || each.why === because), 'the counsellor reads the reason')
  const own = (await student.ok('GET', '/api/v1/me/who-looked')).items
  assert.ok(own.some((each) => each.actor_name === director.me.name && each.act === 'record.opened'), 'the child sees who')
  // A colleague, the archivist, the administrator: not with any reason.
  for (const path of routes) {
    assert.equal((await colleague.post(path, { reason: because })).code, 'not_found')
    for (const each of [archivist, admin]) assert.equal((await each.post(path, { reason: because })).code, 'not_allowed')
  }
})

test('CARE-17 a member of staff as client is a pseudonym to everybody but the counsellor', async () => {
  const since = await school.audit.size()
  const own = await visit(archivist, counsellor, { reason: '我自己也需要帮助' })
  const second = await booked(archivist, await freeSlot(archivist, { counsellor: counsellor.id }))
  await archivist.ok('POST', `/api/v1/appointments/${second.id}/cancel`)
  const file = await openCase(counsellor, own)
  assert.equal(file.client.name, archivist.me.name)
  await record(counsellor, file.id, { appointment: own })
  const theirs = (await school.audit.events({ since })).filter((each) => each.about && ['appointment.booked', 'appointment.cancelled', 'appointment.refused', 'access.refused'].includes(each.act))
  assert.ok(theirs.some((each) => each.act === 'appointment.booked') && theirs.some((each) => each.act === 'appointment.cancelled'))
  for (const event of theirs) assert.notEqual(event.person, archivist.id, event.act)
  // Nobody runs their own file through the staff's door, and trying does not betray who the pseudonym is.
  const mine = await visit(colleague, counsellor)
  const about = await openCase(counsellor, mine)
  const from = await school.audit.size()
  assert.equal((await colleague.post(`/api/v1/cases/${about.id}/open`, { reason: because })).code, 'not_found')
  const [tried] = await school.audit.events({ since: from, act: 'access.refused' })
  assert.equal(tried.actor_kind, 'client')
  assert.equal(tried.person, null)
  assert.equal(tried.client, tried.about)
  // The director as a client cannot use the room's key on herself.
  const hers = await openCase(counsellor, await visit(director, counsellor))
  assert.equal((await director.post(`/api/v1/cases/${hers.id}/open`, { reason: because })).code, 'not_found')
  // Storage joins no person of the staff with a visit.
  const person = archivist.id.replaceAll('-', '').toUpperCase()
  for (const table of ['appointments', 'cases', 'cards', 'occupancy', 'clients', 'audit_events']) {
    const rows = await school.storage.rows(`SELECT * FROM (SELECT ${{ appointments: 'hex(client) AS x', cases: 'hex(client) AS x', cards: 'hex(client) AS x', occupancy: 'hex(resource) AS x', clients: 'hex(person) AS x', audit_events: 'hex(about) AS x' }[table]} FROM ${table}) q`)
    assert.ok(rows.length > 0 && rows.every((row) => !String(row.x).includes(person)), table)
  }
  // Managers who look at the counsellor's day see that somebody comes, not which colleague.
  for (const manager of [director, await school.as('deputy'), await school.as('reception')]) {
    // Who comes is not shown before the pledge in force, to whoever holds a key.
    for (const due of (await manager.ok('GET', '/api/v1/declarations/due')).items) {
      if (manager.username === 'deputy') assert.equal((await manager.get(`/api/v1/day?counsellor_id=${counsellor.id}`)).code, 'pledge_needed')
      await manager.ok('POST', `/api/v1/declarations/${due.id}/acknowledge`)
    }
    const day = await manager.ok('GET', `/api/v1/day?counsellor_id=${counsellor.id}`)
    assert.ok(day.appointments.length > 0)
    for (const name of [archivist.me.name, colleague.me.name]) assert.ok(!JSON.stringify(day.appointments).includes(name), `${manager.username} sees no colleague`)
  }
  assert.equal((await book(archivist, await freeSlot(archivist))).status, 201)
})

test('a colleague who leaves takes no key along: what is written from then on is sealed to a new duty key, what waited stays readable', async () => {
  const keys = async () => Object.fromEntries((await school.storage.rows("SELECT kind, max(generation) AS newest FROM room_keys GROUP BY kind")).map((row) => [row.kind, Number(row.newest)]))
  const mine = async (username, reason) => booked(await school.as(username), await freeSlot(await school.as(username), { counsellor: counsellor.id }), { reason })
  const waiting = await mine('student3', '离开以前写的话')
  assert.deepEqual(await keys(), { room: 1, duty: 1, crisis: 1 })
  const since = await school.audit.size()
  await director.ok('POST', `/api/v1/staff/${colleague.id}/disable`, { reason: '调往他校' })
  assert.deepEqual(await keys(), { room: 1, duty: 2, crisis: 1 }, 'the colleague held the duty key and was not in the crisis team')
  assert.deepEqual((await school.audit.events({ since })).map((each) => each.act), ['key.withdrawn', 'key.rotated', 'staff.disabled'])
  const later = await mine('student4', '离开以后写的话')
  for (const [appointment, words] of [[waiting, '离开以前写的话'], [later, '离开以后写的话']])
    assert.equal((await counsellor.ok('POST', `/api/v1/appointments/${appointment.id}/reason/open`)).reason, words)
  // A case opened now takes over the words that waited under the old key.
  await counsellor.ok('POST', `/api/v1/appointments/${waiting.id}/arrive`)
  await openCase(counsellor, waiting)
  assert.equal((await counsellor.ok('POST', `/api/v1/appointments/${waiting.id}/reason/open`)).reason, '离开以前写的话')
})
