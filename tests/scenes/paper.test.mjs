// Paper: blank forms, the duty sheet of a day, the shifts of a week. What comes out is read back by Poppler and unzip.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { booked, demoSchool, freeSlot, today } from './harness.mjs'

const school = await demoSchool()
test.after(() => school.remove())
const [counsellor, colleague, director, reception, student] = [await school.as('counsellor'), await school.as('counsellor2'), await school.as('director'), await school.as('reception'), await school.as('student')]

function keep(answer, name) {
  const file = join(school.folder, name)
  fs.writeFileSync(file, answer.bytes)
  return file
}
const words = (answer) => execFileSync('pdftotext', ['-layout', keep(answer, 'read.pdf'), '-'], { encoding: 'utf8' })
const joined = (text) => text.replace(/\s/g, '')
const sheet = (answer) => execFileSync('unzip', ['-p', keep(answer, 'read.xlsx'), 'xl/worksheets/sheet1.xml'], { encoding: 'utf8', maxBuffer: 1 << 26 })

test('paper: every member of staff prints every blank form, in both languages', async () => {
  const { items } = await reception.ok('GET', '/api/v1/forms')
  assert.ok(items.length >= 12)
  for (const form of items) {
    for (const lang of ['zh', 'en']) {
      const answer = await reception.get(`/api/v1/forms/${form.id}.pdf?lang=${lang}`)
      assert.equal(answer.status, 200, form.id)
      assert.equal(answer.headers['content-type'], 'application/pdf')
      assert.equal(answer.headers['content-disposition'], `inline; filename="${form.id}.pdf"`)
      assert.equal(answer.headers['cache-control'], 'no-store')
      const text = joined(words(answer))
      for (const part of [form.title[lang], form.number, form.version]) assert.ok(text.includes(joined(part)), `${form.id} ${lang}: ${part}`)
    }
  }
  const school_name = (await reception.ok('GET', '/api/v1/about')).school?.name ?? ''
  assert.ok(joined(words(await reception.get('/api/v1/forms/booking.pdf'))).includes(joined(school_name)))
  const poster = words(await reception.get('/api/v1/forms/opening-hours.pdf'))
  assert.ok(poster.includes('12356'))
})

test('paper: strangers, students and unknown forms get nothing', async () => {
  for (const path of ['/api/v1/forms', '/api/v1/forms/booking.pdf', '/api/v1/day.pdf', '/api/v1/shifts.xlsx']) {
    assert.equal((await school.client().get(path)).code, 'sign_in_needed', path)
    assert.equal((await student.get(path)).code, 'not_allowed', path)
  }
  assert.equal((await reception.get('/api/v1/day.pdf')).code, 'not_allowed', 'the duty sheet is of those who receive clients')
  for (const path of ['/api/v1/forms/nothing.pdf', '/api/v1/forms/..%2fbooking.pdf', '/api/v1/forms/.pdf', '/api/v1/forms/booking']) assert.equal((await reception.get(path)).code, 'not_found', path)
  assert.equal((await reception.get('/api/v1/forms/booking.pdf?lang=fr')).code, 'invalid_input')
  assert.equal((await counsellor.get('/api/v1/day.pdf?date=2026-13-01')).code, 'invalid_input')
  assert.equal((await counsellor.get(`/api/v1/day.pdf?counsellor_id=${colleague.id}`)).code, 'invalid_input', 'only one’s own day')
})

test('paper: a session record has a blank form and no way to a filled one', async () => {
  const document = await reception.ok('GET', '/api/v1/openapi.json')
  const files = Object.entries(document.paths).flatMap(([path, verbs]) => Object.values(verbs).filter((each) => each.responses['200']?.content?.['application/pdf']).map(() => path))
  assert.deepEqual(files.sort(), ['/api/v1/day.pdf', '/api/v1/forms/{id}.pdf'])
  assert.equal(document.paths['/api/v1/day.pdf'].get.responses['200'].content['application/pdf'].schema.format, 'binary')
  for (const query of ['record', 'case', 'client']) assert.equal((await counsellor.get(`/api/v1/forms/session.pdf?${query}=x`)).code, 'invalid_input')
})

test('paper: the duty sheet counts what the day shows and names nobody; names are a working copy with its reader; both leave an event', async () => {
  const slot = await freeSlot(student, { counsellor: counsellor.id, from: today(school, 3) })
  await booked(student, slot, { reason: '这句话不能上纸' })
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date(slot.starts_at))
  const day = await counsellor.ok('GET', `/api/v1/day?date=${date}`)
  const here = day.appointments.filter((each) => each.state !== 'cancelled')
  const client = here.find((each) => each.starts_at === slot.starts_at).client.name

  const since = await school.audit.size()
  const filed = words(await counsellor.get(`/api/v1/day.pdf?date=${date}`))
  assert.ok(filed.includes(date) && filed.includes(day.counsellor.name))
  const clock = (instant) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' }).format(new Date(instant))
  for (const each of here) assert.ok(filed.includes(`${clock(each.starts_at)}–${clock(each.ends_at)}`))
  assert.match(joined(filed), new RegExp(`预约${here.filter((each) => !each.walk_in).length}临时来访${here.filter((each) => each.walk_in).length}`))
  for (const each of day.appointments) assert.ok(!filed.includes(each.client.name))
  assert.ok(!filed.includes('这句话'))

  const own = words(await counsellor.get(`/api/v1/day.pdf?date=${date}&names=true`))
  assert.ok(own.includes(client))
  assert.ok(!own.includes('这句话'))
  const [first, second] = await school.audit.events({ since, act: 'day.printed' })
  assert.equal(first.person, counsellor.id)
  assert.equal(second.person, counsellor.id)

  // A colleague and the director print their own day, in which this visit is not.
  for (const other of [colleague, director]) {
    const theirs = await other.get(`/api/v1/day.pdf?date=${date}&names=true&lang=en`)
    assert.equal(theirs.status, 200)
    assert.ok(!words(theirs).includes(client) || (await other.ok('GET', `/api/v1/day?date=${date}`)).appointments.some((each) => each.client.name === client))
  }
  assert.ok(!school.log.includes(client), 'no name in the log')
})

test('paper: the shifts of a week as a table, the same as on the screen', async () => {
  const monday = today(school, 7)
  const answer = await reception.get(`/api/v1/shifts.xlsx?date=${monday}`)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  const name = /attachment; filename="shifts-(\d{4}-\d\d-\d\d)\.xlsx"/.exec(answer.headers['content-disposition'])
  assert.equal(new Date(`${name[1]}T00:00:00Z`).getUTCDay(), 1, 'a week begins on Monday')
  const end = new Date(Date.parse(`${name[1]}T00:00:00Z`) + 6 * 86_400_000).toISOString().slice(0, 10)
  const { items } = await reception.ok('GET', `/api/v1/shifts?from=${name[1]}&to=${end}`)
  const xml = sheet(answer)
  assert.ok(items.length > 0)
  assert.equal((xml.match(/<row /g) ?? []).length, items.length + 1)
  for (const shift of items) assert.ok(xml.includes(shift.counsellor.name) && xml.includes(shift.room.name))
  assert.match(sheet(await reception.get(`/api/v1/shifts.xlsx?date=${monday}&lang=en`)), /On duty/)
})

test('paper: many at once are all printed, while the server answers others', async () => {
  const asked = Promise.all(Array.from({ length: 24 }, (_, n) => counsellor.get(`/api/v1/forms/${n % 2 ? 'intake' : 'consent'}.pdf`)))
  const about = await school.client().get('/api/v1/about')
  assert.equal(about.status, 200)
  const answers = await asked
  assert.deepEqual([...new Set(answers.map((each) => each.status))], [200])
})

test('paper: without the font nothing is printed in another one, and doctor and server say what to install', async (t) => {
  const folder = fs.mkdtempSync(join(school.folder, 'fonts-'))
  fs.writeFileSync(join(folder, 'fonts.conf'), `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>${folder}</cachedir></fontconfig>`)
  process.env.FONTCONFIG_FILE = join(folder, 'fonts.conf')
  t.after(() => delete process.env.FONTCONFIG_FILE)
  const bare = await demoSchool()
  t.after(() => bare.remove())
  const doctor = await bare.cli(['doctor', '--json'])
  const check = JSON.parse(doctor.stdout).checks.find((each) => each.id === 'font')
  assert.equal(check.ok, false)
  assert.match(check.text.en, /fonts-noto-cjk/)
  assert.match(check.text.zh, /fonts-noto-cjk/)
  const teacher = await bare.as('counsellor')
  const answer = await teacher.get('/api/v1/forms/booking.pdf')
  assert.equal(`${answer.status} ${answer.code}`, '503 print_font_missing')
  assert.match(answer.json.text.zh, /fonts-noto-cjk/)
  assert.equal((await teacher.get('/api/v1/shifts.xlsx')).status, 200, 'a table needs no font')
})
