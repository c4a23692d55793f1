// Session records in time and unchangeable; one card for each client; what is sealed stays sealed.
import test from 'node:test'
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { booked, demoSchool, fields, files, freeSlots, openCase, onPostgres, record, today, visit } from './harness.mjs'

const hour = 3600
const why = '责任老师出差,需要接手今天的来访'

test('SVC-5 the record is written promptly, and a signed one is never changed', async (t) => {
  const school = await demoSchool({ clock: true })
  t.after(() => school.remove())
  school.moveTo('08:30', 1)
  let [counsellor, director] = [await school.as('counsellor2'), await school.as('director')]
  const again = async () => {
    for (const name of ['counsellor2', 'director']) school.forget(name)
    counsellor = await school.as('counsellor2')
    director = await school.as('director')
  }
  const children = [await school.as('student3'), await school.as('student4'), await school.as('student5')]
  const visits = []
  for (const child of children) visits.push(await visit(child, counsellor))
  const own = async () => counsellor.ok('GET', '/api/v1/records/unsigned')
  const of = (list, appointment) => list.items.find((each) => each.appointment_id === appointment.id)
  const first = await own()
  assert.equal(first.items.length, 0, 'nothing is asked before a session is over')

  // Half a day after the sessions: due, not late.
  school.moveClock((Date.parse(visits.at(-1).ends_at) - school.now().getTime()) / 1000 + 2 * hour)
  await again()
  const cases = []
  for (const each of visits) cases.push(await openCase(counsellor, each))
  let signed
  await t.test('guide: a finished session without a record stands on the list, and one visit has one record', async () => {
    const list = await own()
    assert.equal(list.items.length, 3)
    assert.ok(list.items.every((each) => !each.late && each.client_name))
    const begun = await counsellor.ok('POST', `/api/v1/cases/${cases[1].id}/records`, { appointment_id: visits[1].id })
    assert.equal((await counsellor.ok('POST', `/api/v1/cases/${cases[1].id}/records`, { appointment_id: visits[1].id })).id, begun.id)
    // It cannot be signed half-written.
    const refused = await counsellor.post(`/api/v1/records/${begun.id}/sign`, undefined, { version: begun.version })
    assert.equal(refused.code, 'record_incomplete')
    assert.deepEqual(refused.json.problems.map((each) => each.field), ['fields.complaint', 'fields.process', 'fields.assessment', 'fields.risk_level', 'fields.measures'])
  })
  await t.test('measure: met – signed in time', async () => {
    const before = await own()
    signed = await record(counsellor, cases[0].id, { appointment: visits[0], complaint: '第一版的原话' })
    assert.equal(signed.state, 'signed')
    const after = await own()
    assert.equal(after.sessions - before.sessions, 1)
    assert.equal(after.in_time - before.in_time, 1)
    assert.equal(of(after, visits[0]), undefined)
  })
  await t.test('measure: at risk – due within the day, named to the counsellor, unnamed to the director', async () => {
    const mine = of(await own(), visits[1])
    assert.equal(mine.late, false)
    assert.ok(Date.parse(mine.due_at) - Date.parse(visits[1].ends_at) === 24 * hour * 1000)
    const theirs = of(await director.ok('GET', '/api/v1/records/unsigned'), visits[1])
    assert.equal(theirs.late, false)
    assert.equal(theirs.client_name, null)
    assert.equal(theirs.counsellor_name, counsellor.me.name)
  })
  await t.test('measure: not met – 24 hours later it is late on both lists and in the figure', async () => {
    school.moveClock((Date.parse(visits[2].ends_at) - school.now().getTime()) / 1000 + 24 * hour + 60)
    await again()
    for (const visited of [visits[1], visits[2]]) {
      assert.equal(of(await own(), visited).late, true)
      const theirs = of(await director.ok('GET', '/api/v1/records/unsigned'), visited)
      assert.equal(theirs.late, true)
      assert.equal(theirs.client_name, null)
    }
    const all = await director.get('/api/v1/records/unsigned')
    for (const child of children) assert.ok(!all.text.includes(child.me.name), 'the director’s list names no client')
    const figure = await own()
    assert.ok(figure.sessions > figure.in_time)
  })
  await t.test('prevent: a signed record is refused every change, with an event, and amended with its old version kept', async () => {
    const changed = { fields: fields({ session_on: signed.fields.session_on, complaint: '改写' }) }
    for (const [method, path, body] of [['PUT', 'draft', changed], ['POST', 'sign', undefined]]) {
      const since = await school.audit.size()
      const refused = await counsellor.send(method, `/api/v1/records/${signed.id}/${path}`, body, { version: signed.version })
      assert.equal(refused.status, 409, path)
      assert.equal(refused.code, 'record_signed', path)
      const events = await school.audit.events({ since, outcome: 'refused' })
      assert.ok(events.some((each) => each.person === counsellor.id && each.object === signed.id), `${path} leaves an event`)
    }
    assert.equal((await counsellor.post(`/api/v1/records/${signed.id}/amend`, { ...changed }, { version: signed.version })).status, 422, 'not without a reason')
    const amended = await counsellor.ok('POST', `/api/v1/records/${signed.id}/amend`, { fields: { ...changed.fields, complaint: '第二版的原话' }, reason: '记错了时间' }, { version: signed.version })
    assert.equal(amended.fields.complaint, '第二版的原话')
    assert.deepEqual(amended.versions.map((each) => [each.version, each.amend_reason]), [[1, null], [2, '记错了时间']])
    assert.equal((await counsellor.ok('POST', `/api/v1/records/${signed.id}/open?version=1`, {})).fields.complaint, '第一版的原话')
    assert.equal((await counsellor.ok('POST', `/api/v1/cases/${cases[0].id}/open`, {})).records[0].amended, true)
  })
  await t.test('guide: judged and signed is the draft that the author saw, not whichever is there by now', async () => {
    const begun = await counsellor.ok('POST', `/api/v1/cases/${cases[0].id}/records`, {})
    const whole = await counsellor.ok('PUT', `/api/v1/records/${begun.id}/draft`, { fields: fields({ session_on: begun.fields.session_on }) }, { version: begun.version })
    // Another window leaves it half-written meanwhile.
    const half = await counsellor.ok('PUT', `/api/v1/records/${begun.id}/draft`, { fields: fields({ session_on: begun.fields.session_on, process: undefined }) }, { version: whole.version })
    const stale = await counsellor.post(`/api/v1/records/${begun.id}/sign`, undefined, { version: whole.version })
    assert.equal(`${stale.code} ${stale.json.current?.version}`, `changed_meanwhile ${half.version}`)
    assert.equal((await counsellor.post(`/api/v1/records/${begun.id}/sign`, undefined, { version: half.version })).code, 'record_incomplete')
    const good = await counsellor.ok('PUT', `/api/v1/records/${begun.id}/draft`, { fields: fields({ session_on: begun.fields.session_on }) }, { version: half.version })
    assert.equal((await counsellor.ok('POST', `/api/v1/records/${begun.id}/sign`, undefined, { version: good.version })).state, 'signed')
  })
  await t.test('prevent: whoever holds the database cannot change a signed version either', async () => {
    for (const column of ["content = x'00'", 'signed_at = 1', "signature = x'00'", 'version = version + 10', "record_id = x'00'"])
      await assert.rejects(school.storage.tamper(`UPDATE record_versions SET ${column.replaceAll("x'00'", onPostgres ? "'\\x00'" : "x'00'")}`), /never change/, column)
    assert.equal((await counsellor.ok('POST', `/api/v1/records/${signed.id}/open?version=1`, {})).fields.complaint, '第一版的原话')
  })
})

test('SVC-8 one person, one card, through every change of class, shown by right', async (t) => {
  const school = await demoSchool({ clock: true })
  t.after(() => school.remove())
  school.moveTo('08:30', 1)
  const [counsellor, colleague, director, reception] = [await school.as('counsellor'), await school.as('counsellor2'), await school.as('director'), await school.as('reception')]
  const child = await school.as('student3')
  const first = await visit(child, counsellor)
  const opened = await openCase(counsellor, first)
  const card = () => counsellor.ok('POST', `/api/v1/cases/${opened.id}/card/open`, {})
  const at = async (name) => (await reception.ok('GET', `/api/v1/students?search=${encodeURIComponent(name)}`)).items.find((each) => each.id === child.id)
  const before = await card()
  assert.match(before.number, /^K\d{6}$/)

  await t.test('one card for every visit, and the database holds one row per client', async () => {
    const [slot] = await freeSlots(child, { counsellor: counsellor.id, from: today(school, 2) })
    await booked(child, slot)
    assert.equal((await openCase(counsellor, first)).id, opened.id)
    const now = await card()
    assert.equal(now.number, before.number)
    assert.equal(now.appointments, before.appointments + 1)
    const [rows] = await school.storage.rows('SELECT count(*) AS n, count(DISTINCT client) AS clients FROM cards')
    assert.equal(Number(rows.n), Number(rows.clients))
  })
  await t.test('kept through a class move, a promotion, a repeated import and leaving', async () => {
    const facts = await at(child.me.name)
    const sheet = async (class_name, grade, more = '') => {
      const file = join(school.folder, `roster-${grade}-${class_name}.csv`)
      fs.writeFileSync(file, `姓名,学号,年级,班级\n${child.me.name},${facts.student_number},${grade},${class_name}\n${more}`)
      return file
    }
    const grades = { 7: '初一', 8: '初二', 9: '初三', 10: '高一', 11: '高二', 12: '高三' }
    const take = async (file, ...more) => JSON.parse((await school.cli(['import', 'roster', file, '--json', ...more], { ok: true })).stdout)
    const moved = await sheet('9班', grades[facts.grade])
    assert.equal((await take(moved)).counts.moved, 1)
    assert.equal((await take(moved)).counts.unchanged, 1, 'the same file again changes nothing')
    assert.equal((await at(child.me.name)).id, child.id)
    let now = await card()
    assert.equal(now.number, before.number)
    assert.match(now.client.class_name, /9/)
    assert.ok(now.classes.length >= 2, 'the stay in the old class is on the card')
    const promoted = await take(await sheet('1班', grades[facts.grade === 12 ? 12 : facts.grade + 1]))
    assert.equal(promoted.counts.refused, 0)
    now = await card()
    assert.equal(now.number, before.number)
    const other = join(school.folder, 'others.csv')
    fs.writeFileSync(other, '姓名,学号,年级,班级\n王小明,99990001,初一,1班\n')
    assert.ok((await take(other, '--absent-have-left')).counts.left > 0)
    now = await card()
    assert.equal(now.number, before.number)
    assert.equal(now.client.enrolled, false)
    assert.equal(now.client.name, child.me.name)
  })
  await t.test('shown by right: refused to others, with an event; the director gives a reason', async () => {
    for (const [username, status] of [['counsellor2', 404], ['trainee', 404], ['archivist', 403], ['admin', 403], ['principal', 403], ['homeroom', 403], ['reception', 403]]) {
      const person = await school.as(username)
      for (const what of ['open', 'print']) {
        const since = await school.audit.size()
        assert.equal((await person.post(`/api/v1/cases/${opened.id}/card/${what}`, { reason: why })).status, status, username)
        assert.equal((await school.audit.events({ since, act: 'access.refused' })).length, 1, username)
      }
    }
    assert.equal((await director.post(`/api/v1/cases/${opened.id}/card/open`, {})).code, 'reason_needed')
    assert.equal((await director.ok('POST', `/api/v1/cases/${opened.id}/card/open`, { reason: why })).number, before.number)
    assert.equal((await colleague.ok('GET', '/api/v1/cases')).items.length, 0)
  })
  await t.test('register: found, opened and printed, each with its own event that the client sees', async () => {
    assert.ok((await counsellor.ok('GET', '/api/v1/cases')).items.some((each) => each.id === opened.id))
    const since = await school.audit.size()
    await card()
    await counsellor.ok('POST', `/api/v1/cases/${opened.id}/card/print`, {})
    assert.deepEqual((await school.audit.events({ since })).map((each) => each.act), ['card.opened', 'card.printed'])
  })
})

test('CNF-1 what is said in the room is in no file, and the administrator finds no way to it', async (t) => {
  const school = await demoSchool()
  t.after(() => school.remove())
  const [student, counsellor, director, admin] = [await school.as('student2'), await school.as('counsellor'), await school.as('director'), await school.as('admin')]
  const planted = {}
  const plant = (where) => (planted[where] = `${where}-雪落在第${Object.keys(planted).length + 7}级台阶上-${'qzkvw'.repeat(2)}`)
  const appointment = await visit(student, counsellor, { reason: plant('reason') })
  const waiting = await booked(await school.as('student'), (await freeSlots(student, { counsellor: counsellor.id }))[5], { reason: plant('waiting') })
  const opened = await openCase(counsellor, appointment)
  const all = Object.fromEntries(['complaint', 'aims', 'process', 'observation', 'assessment', 'methods', 'homework', 'effect', 'measures', 'contacts', 'next_plan'].map((name) => [name, plant(name)]))
  const written = await record(counsellor, opened.id, { appointment, ...all })
  await counsellor.ok('POST', `/api/v1/records/${written.id}/amend`, { fields: { ...written.fields, process: plant('amended') }, reason: plant('amend_reason') }, { version: written.version })
  const draft = await record(counsellor, opened.id, { sign: false, complaint: plant('draft') })
  await director.ok('POST', `/api/v1/records/${written.id}/open`, { reason: plant('opening_reason') })
  await director.ok('POST', `/api/v1/staff/${(await school.as('counsellor2')).id}/disable`, { reason: plant('disabling') })
  await director.ok('POST', '/api/v1/rooms', { name: '银杏树下的房间', function: 'individual', capacity: 2 })

  const search = (folder) => {
    const found = []
    let control = false
    for (const file of files(folder)) {
      const bytes = fs.readFileSync(file)
      control ||= bytes.includes('银杏树下的房间')
      for (const [where, words] of Object.entries(planted))
        for (const part of [words, words.slice(words.indexOf('雪'), words.indexOf('级')), 'qzkvwqzkvw'])
          for (const shape of [Buffer.from(part), Buffer.from(part, 'utf16le'), Buffer.from(Buffer.from(part).toString('base64').slice(2, -4)), Buffer.from(Buffer.from(part).toString('hex')), Buffer.from(JSON.stringify(part).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).slice(1, -1))])
            if (bytes.includes(shape)) found.push(`${where} in ${file}`)
    }
    return { found: [...new Set(found)], control }
  }
  await t.test('prevent: dump of database, write-ahead log, backup and logs hold none of the planted words', async () => {
    if (onPostgres) fs.writeFileSync(join(school.folder, 'dump.sql'), await school.storage.dump())
    else await school.cli(['backup', join(school.folder, 'backup')], { ok: true })
    fs.writeFileSync(join(school.folder, 'server.log'), school.log)
    const running = search(school.folder)
    assert.deepEqual(running.found, [])
    assert.ok(running.control, 'the search finds what is stored in plain')
    await school.restart()
    fs.writeFileSync(join(school.folder, 'server.log'), school.log)
    assert.deepEqual(search(school.folder).found, [])
    if (!onPostgres) assert.ok(search(join(school.folder, 'backup')).control, 'the backup holds the database')
  })
  await t.test('prevent: storage names no client beside a visit, a case or an event', async () => {
    const person = student.id.replaceAll('-', '').toUpperCase()
    for (const [table, column] of [['appointments', 'client'], ['cases', 'client'], ['cards', 'client'], ['clients', 'ref'], ['clients', 'person'], ['occupancy', 'resource'], ['audit_events', 'about'], ['audit_events', 'actor_person'], ['audit_events', 'object_id']]) {
      const rows = await school.storage.rows(`SELECT hex(${column}) AS x FROM ${table} WHERE ${column} IS NOT NULL`)
      assert.ok(rows.length > 0 && rows.every((row) => !row.x.includes(person)), `${table}.${column}`)
    }
  })
  await t.test('prevent: every route to content refuses the administrator, and every try is in the log', async () => {
    const routes = JSON.parse((await school.cli(['routes', '--json'])).stdout).filter((each) => each.rule.content)
    assert.ok(routes.length >= 14)
    const ids = { cases: opened.id, records: draft.id, appointments: waiting.id, staff: counsellor.id }
    for (const route of routes) {
      const since = await school.audit.size()
      const path = route.path.replace('{id}', ids[route.path.split('/')[3]])
      const answer = await admin.send(route.method, path, route.body ? {} : undefined, { version: route.versioned ? 1 : undefined })
      assert.equal(`${answer.status} ${answer.code}`, '403 not_allowed', path)
      const events = await school.audit.events({ since })
      assert.deepEqual(events.map((each) => [each.act, each.person, each.outcome]), [['access.refused', admin.id, 'refused']], path)
    }
  })
  await t.test('prevent: every reading is in the log before the words are on the screen', async () => {
    const looks = [[`/api/v1/cases/${opened.id}/open`, 'case.read'], [`/api/v1/records/${written.id}/open`, 'record.opened'], [`/api/v1/records/${written.id}/open?version=1`, 'record.opened'],
      [`/api/v1/cases/${opened.id}/card/open`, 'card.opened'], [`/api/v1/appointments/${appointment.id}/reason/open`, 'appointment.reason_opened']]
    for (const [path, act] of looks) {
      const since = await school.audit.size()
      const answer = await counsellor.post(path, path.includes('reason/open') ? undefined : {})
      assert.equal(answer.status, 200, path)
      assert.deepEqual((await school.audit.events({ since })).map((each) => [each.act, each.person]), [[act, counsellor.id]], path)
    }
    assert.equal((await counsellor.ok('POST', `/api/v1/appointments/${waiting.id}/reason/open`)).reason, planted.waiting, 'the words were there to be found')
  })
})
