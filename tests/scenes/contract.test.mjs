// What the interface promises to any client: repeats are harmless, nobody overwrites unseen, and text comes back as it went.
import test from 'node:test'
import assert from 'node:assert/strict'
import { anyKey, booked, demoSchool, fields, freeSlots, openCase, record, sleep, today, visit } from './harness.mjs'

const school = await demoSchool()
test.after(() => school.remove())
const [student, child, counsellor, director] = [await school.as('student'), await school.as('student2'), await school.as('counsellor'), await school.as('director')]
const appointment = await visit(child, counsellor)
const slots = await freeSlots(student, { counsellor: counsellor.id, from: today(school, 3) })
const rare = '𠮷野家的㵘同学😀 𪚥龘'

test('repeats: every POST that makes something gives the same thing for the same key, and refuses another body', async () => {
  const opened = await openCase(counsellor, appointment)
  const signed = await record(counsellor, opened.id, { sign: false })
  const makers = [
    [student, '/api/v1/appointments', { shift_id: slots[0].shift_id, starts_at: slots[0].starts_at, reason: '第一次' }, { shift_id: slots[0].shift_id, starts_at: slots[0].starts_at, reason: '第二次' }],
    [counsellor, '/api/v1/appointments/on-behalf', { student_id: child.id, shift_id: slots[1].shift_id, starts_at: slots[1].starts_at, walk_in: false }, { student_id: student.id, shift_id: slots[1].shift_id, starts_at: slots[1].starts_at, walk_in: false }],
    [director, '/api/v1/rooms', { name: '沙盘室', function: 'sandplay', capacity: 4 }, { name: '放松室', function: 'relaxation', capacity: 4 }],
    [director, '/api/v1/terms', { name: '下学期', starts_on: '2031-02-01', ends_on: '2031-07-01' }, { name: '下下学期', starts_on: '2031-02-01', ends_on: '2031-07-01' }],
    [director, '/api/v1/shifts', { counsellor_id: counsellor.id, room_id: slots[0].room.id, date: today(school, 20), starts: '19:00', ends: '20:00', slot_minutes: 30 }, { counsellor_id: counsellor.id, room_id: slots[0].room.id, date: today(school, 20), starts: '20:00', ends: '21:00', slot_minutes: 30 }],
    [director, '/api/v1/staff', { name: '新同事', username: 'newcomer', roles: ['counsellor'] }, { name: '另一位', username: 'newcomer2', roles: ['counsellor'] }],
    [counsellor, '/api/v1/cases', { appointment_id: appointment.id }, { appointment_id: slots[0].shift_id }],
    [counsellor, `/api/v1/cases/${opened.id}/records`, {}, { appointment_id: appointment.id }],
  ]
  for (const [who, path, body, other] of makers) {
    const key = anyKey()
    const once = await who.post(path, body, { key })
    assert.equal(once.status, 201, `${path}: ${once}`)
    const twice = await who.post(path, body, { key })
    assert.equal(twice.status, 201, `${path} again: ${twice}`)
    assert.equal(twice.json.id, once.json.id, path)
    const changed = await who.post(path, other, { key })
    assert.ok(changed.code === 'key_reused' || (path.endsWith('/cases') && changed.code === 'not_found'), `${path} with another body: ${changed}`)
  }
  const names = (await director.ok('GET', '/api/v1/rooms')).items.map((each) => each.name)
  assert.equal(names.filter((each) => each === '沙盘室').length, 1)
  assert.ok(!names.includes('放松室'))
  assert.equal((await director.ok('GET', '/api/v1/staff')).items.filter((each) => each.username.startsWith('newcomer')).length, 1)
  // Signing twice with one key signs once.
  const saved = await counsellor.ok('PUT', `/api/v1/records/${signed.id}/draft`, { fields: fields({ session_on: signed.fields.session_on }) }, { version: signed.version })
  const key = anyKey()
  for (let n = 0; n < 2; n += 1) assert.equal((await counsellor.post(`/api/v1/records/${signed.id}/sign`, undefined, { version: saved.version, key })).json?.versions?.length, 1, `time ${n + 1}`)
  for (const bad of ['short', 'x'.repeat(65), 'with blank inside']) assert.equal((await director.post('/api/v1/rooms', { name: '某室', function: 'other', capacity: 1 }, { key: bad })).status, 422, bad)
})

test('repeats: an answer that was cut off and asked for again gives one appointment', async () => {
  const before = (await student.ok('GET', '/api/v1/appointments/mine')).items.length
  const key = anyKey()
  const body = { shift_id: slots[3].shift_id, starts_at: slots[3].starts_at }
  await student.post('/api/v1/appointments', body, { key, cut: true }).catch(() => {})
  await sleep(200)
  const answers = await Promise.all([1, 2, 3].map(() => student.post('/api/v1/appointments', body, { key })))
  assert.deepEqual(answers.map((each) => each.status), [201, 201, 201])
  assert.equal(new Set(answers.map((each) => each.json.id)).size, 1)
  assert.equal((await student.ok('GET', '/api/v1/appointments/mine')).items.length, before + 1)
})

test('locking: a stale version is refused with the current one, and nothing is lost', async () => {
  const opened = await openCase(counsellor, appointment)
  const draft = await record(counsellor, opened.id, { sign: false, process: '先到的' })
  const path = `/api/v1/records/${draft.id}/draft`
  const stale = await counsellor.put(path, { fields: fields({ process: '后到的' }) }, { version: draft.version - 1 })
  assert.equal(`${stale.status} ${stale.code}`, '412 changed_meanwhile')
  assert.equal(stale.json.current.version, draft.version)
  assert.equal((await counsellor.post(`/api/v1/records/${draft.id}/sign`, undefined, { version: draft.version - 1 })).status, 412)
  assert.equal((await counsellor.put(path, { fields: fields() })).code, 'version_needed')
  assert.equal((await counsellor.put(path, { fields: fields() }, { headers: { 'If-Match': 'W/"1"' } })).status, 422)
  const now = await counsellor.post(`/api/v1/records/${draft.id}/open`, {})
  assert.equal(now.json.fields.process, '先到的')
  assert.equal(now.headers.etag, `"${draft.version}"`)
  // Of two windows that save at once, one wins.
  const both = await Promise.all(['甲', '乙'].map((process) => counsellor.put(path, { fields: fields({ process }) }, { version: draft.version })))
  assert.deepEqual(both.map((each) => each.status).sort(), [200, 412])
})

test('input: wrong types, unknown fields, too much text and control characters are named, field by field', async () => {
  const room = { name: '好房间', function: 'other', capacity: 2 }
  const cases = [
    [{ ...room, capacity: '2' }, 'capacity', 'field_type'], [{ ...room, capacity: 2.5 }, 'capacity', 'field_type'], [{ ...room, capacity: 0 }, 'capacity', 'field_range'], [{ ...room, capacity: 1e30 }, 'capacity', 'field_type'],
    [{ ...room, name: 7 }, 'name', 'field_type'], [{ ...room, name: null }, 'name', 'field_type'], [{ ...room, name: '' }, 'name', 'field_missing'], [{ ...room, name: '长'.repeat(5000) }, 'name', 'field_too_long'],
    [{ ...room, name: 'a\u0000b' }, 'name', 'field_characters'], [{ ...room, name: 'a\u001bb' }, 'name', 'field_characters'], [{ ...room, name: 'a\nb' }, 'name', 'field_characters'], [{ ...room, name: 'a\u202eb' }, 'name', 'field_characters'],
    [{ ...room, function: 'cellar' }, 'function', 'field_choice'], [{ ...room, more: 1 }, 'more', 'field_unknown'], [{ function: 'other', capacity: 2 }, 'name', 'field_missing'],
  ]
  for (const [body, field, code] of cases) {
    const answer = await director.post('/api/v1/rooms', body)
    assert.equal(answer.status, 422, JSON.stringify(body).slice(0, 60))
    assert.deepEqual(answer.json.problems.map((each) => [each.field, each.code]), [[field, code]])
    assert.ok(answer.json.problems[0].text.zh && answer.json.problems[0].text.en)
  }
  for (const body of ['', '{', '[]', '"x"', 'null', '{"name":"x","name":"y","function":"other","capacity":2}', '{"a":'.repeat(200) + '1' + '}'.repeat(200)]) {
    const answer = await director.post('/api/v1/rooms', body, { headers: { 'Content-Type': 'application/json' } })
    assert.ok([400, 422].includes(answer.status), `${body.slice(0, 20)}: ${answer}`)
  }
  assert.equal((await director.post('/api/v1/rooms', Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('","function":"other","capacity":2}')]).toString('latin1'), { headers: { 'Content-Length': undefined } })).status < 500, true)
  assert.equal((await director.get('/api/v1/slots?colour=red')).code, 'invalid_input')
  assert.equal((await director.get(`/api/v1/cases/${'x'.repeat(36)}/open`)).status, 405)
})

test('input: rare characters come back as they went, everywhere that text is kept', async () => {
  const name = `${rare}`
  const room = await director.ok('POST', '/api/v1/rooms', { name, function: 'other', capacity: 1 })
  assert.equal(room.name, name)
  assert.ok((await director.ok('GET', '/api/v1/rooms')).items.some((each) => each.name === name))
  await director.ok('POST', '/api/v1/staff', { name, username: 'rare', roles: ['teacher'] })
  assert.ok((await director.ok('GET', '/api/v1/staff')).items.some((each) => each.name === name))
  const long = `${rare}\n第二行\t${'𠮷'.repeat(500)}`
  const made = await booked(student, slots[5], { reason: long })
  assert.equal((await counsellor.ok('POST', `/api/v1/appointments/${made.id}/reason/open`)).reason, long)
  const opened = await openCase(counsellor, appointment)
  const names = ['complaint', 'aims', 'process', 'observation', 'assessment', 'methods', 'homework', 'effect', 'measures', 'contacts', 'next_plan']
  const kept = await record(counsellor, opened.id, Object.fromEntries(names.map((each) => [each, `${each} ${long}`])))
  for (const each of names) assert.equal(kept.fields[each], `${each} ${long}`)
  const amended = await counsellor.ok('POST', `/api/v1/records/${kept.id}/amend`, { fields: kept.fields, reason: rare }, { version: kept.version })
  assert.equal(amended.versions[1].amend_reason, rare)
  await director.ok('POST', `/api/v1/records/${kept.id}/open`, { reason: rare })
  assert.ok((await counsellor.ok('POST', `/api/v1/cases/${opened.id}/who-looked`)).items.some((each) => each.why === rare))
  const pledge = { kind: 'ethics_pledge', title_zh: rare, title_en: rare, text_zh: long, text_en: long }
  await director.ok('POST', '/api/v1/declarations', pledge)
  assert.equal((await director.ok('GET', '/api/v1/declarations')).items[0].text.zh, long)
})
