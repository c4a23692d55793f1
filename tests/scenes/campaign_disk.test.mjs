// The disk fills up under a running school, and the clock jumps. On the full disk people sign in and out and records are
// read, out of a reserve; everything else is refused in so many words, nothing acknowledged is lost, and all goes on by
// itself when there is space again.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { full, report } from './campaign_kit.mjs'
import { School, book, demoSchool, exchange, fields, freeSlots, onPostgres, openCase, record, sleep, today } from './harness.mjs'

const root = process.getuid?.() === 0
const rounds = full ? 30 : 3

/** Takes all space that is left on the disk of `folder`. */
function fill(folder) {
  const file = fs.openSync(join(folder, 'filler'), 'w')
  try {
    for (const size of [65536, 4096, 512, 1])
      for (;;) {
        try { if (fs.writeSync(file, Buffer.alloc(size, 1)) < size) break } catch { break }
      }
  } finally { fs.closeSync(file) }
}

/** A demonstration school whose data lie on a small disk of their own; `reserve` MiB of it are set aside. */
async function smallDisk(reserve) {
  const school = new School()
  fs.mkdirSync(school.data)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', school.data])
  process.env.XINYI_RESERVE = String(reserve)
  const made = JSON.parse((await school.cli(['demo', '--students', '30', '--json'], { ok: true })).stdout)
  school.password = made.password
  await school.serve()
  return school
}
async function cleared(school) {
  await school.stop()
  execFileSync('umount', [school.data])
  await school.remove()
  delete process.env.XINYI_RESERVE
}
const ready = (school) => exchange(school.port, { path: '/readyz' })
const enter = (school) => school.client().post('/api/v1/session', { username: 'student', password: school.password })
/** A student, signed in: without an authenticator there is no code to wait for. */
async function student(school, username) {
  const client = school.client({ username })
  await client.ok('POST', '/api/v1/session', { username, password: school.password })
  return client
}
const skip = (!root && 'mounting a small disk needs root') || (onPostgres && 'the data is not in the folder there')

test('a full disk: people come in and out and records are read, all else is 507 and nothing half, and it recovers by itself', { timeout: 1_800_000, skip }, async () => {
  const since = performance.now()
  const school = await smallDisk(2)
  const wrong = [], refused = {}, kept = new Set()
  let tries = 0, reads = 0, vital = 0
  const expect = (what, answer, status) => { if (answer.status !== status) wrong.push(`${what}: ${answer}`) }
  try {
    const [counsellor, admin] = [await school.as('counsellor'), await school.as('admin')]
    const visit = (await counsellor.ok('GET', '/api/v1/day')).appointments[0]
    const file = await openCase(counsellor, visit.id)
    const signed = await record(counsellor, file.id, { appointment: visit, complaint: '满盘之前写下的' })
    const draft = await record(counsellor, file.id, { sign: false, complaint: '草稿第一版' })
    const sealed = { fields: fields({ session_on: draft.fields.session_on, complaint: '满盘时改的' }) }
    for (let round = 0; round < rounds; round++) {
      const name = round % 2 ? 'student' : 'student2'
      const visitor = await student(school, name)
      const leavers = []
      for (let n = 0; n < 5; n++) leavers.push(await student(school, name))
      if (round % 3 === 1) {  // a start on a disk that was full already, after an orderly end
        await school.stop()
        fill(school.data)
        await school.serve()  // takes of the reserve what it needs to begin
      } else fill(school.data)
      // Some room is left in the log; writes go on until it is used up, then every one is refused.
      const slots = await freeSlots(visitor, { from: today(school, 1) })
      let full507 = 0
      const ordinary = async (n) => {
        tries += 1
        const answer = n % 2 && kept.size > 0 ? await visitor.post(`/api/v1/appointments/${[...kept].at(-1)}/cancel`, {}) : await book(visitor, slots[n % slots.length])
        if (answer.status === 201) kept.add(answer.json.id)
        else if (answer.status === 200) kept.delete(answer.json.id)
        else {
          refused[answer] = (refused[answer] ?? 0) + 1
          if (answer.status === 507) full507 += 1
          else if (answer.status >= 500) wrong.push(`${answer}`)
        }
      }
      for (let n = 0; n < 4000 && full507 < 20; n++) await ordinary(n)
      if (full507 === 0) wrong.push('the disk was full and no write was refused')
      for (const [client, path] of [[visitor, '/api/v1/appointments/mine'], [visitor, '/api/v1/slots'], [visitor, '/api/v1/session'], [counsellor, '/api/v1/cases'], [counsellor, '/api/v1/about']]) {
        const answer = await client.get(path)
        if (answer.status === 200) reads += 1
        else wrong.push(`reading ${path} on a full disk: ${answer}`)
      }
      const mine = new Set((await visitor.get('/api/v1/appointments/mine')).json.items.filter((each) => each.state === 'booked').map((each) => each.id))
      for (const id of kept) if (!mine.has(id) && round === 0) wrong.push('an acknowledged booking is not there on the full disk')

      // What must not stop: out of the reserve, and only this.
      for (let n = 0; n < 20; n++) {
        const entered = await enter(school)
        expect('signing in', entered, 200)
        const opened = await counsellor.post(`/api/v1/records/${signed.id}/open`, {})
        expect('opening a signed record', opened, 200)
        if (opened.json?.fields?.complaint !== '满盘之前写下的') wrong.push('the record opened with other words')
        expect('reading the case', await counsellor.post(`/api/v1/cases/${file.id}/open`, {}), 200)
        vital += 3
      }
      for (const leaver of leavers) {
        expect('signing out', await leaver.delete('/api/v1/session'), 204)
        vital += 1
      }
      full507 = 0
      for (let n = 0; n < 10; n++) await ordinary(0)
      if (full507 !== 10) wrong.push(`ordinary writes ate of the reserve: ${10 - full507} of 10`)
      const saved = await counsellor.put(`/api/v1/records/${draft.id}/draft`, sealed, { version: draft.version })
      expect('saving a draft', saved, 507)
      const still = await counsellor.post(`/api/v1/records/${draft.id}/open`, {})
      if (still.json?.fields?.complaint !== '草稿第一版' || still.json?.version !== draft.version) wrong.push('the draft is not what it was')
      expect('an upload', await admin.put('/api/v1/roster/uploads?name=x.csv', undefined, { raw: Buffer.alloc(300_000, 65) }), 507)

      // It says so.
      const said = await school.cli(['doctor', '--json'])
      if (JSON.parse(said.stdout).checks.find((check) => check.id === 'reserve')?.ok !== false) wrong.push('the doctor does not know of the full disk')
      if (!school.log.includes('"id":"reserve_spent"')) wrong.push('the log does not say that the reserve is in use')
      await sleep(2500)  // the health is asked every other second
      const not = await ready(school)
      if (not.status !== 503 || !/disk is full/.test(not.text)) wrong.push(`readyz on a full disk: ${not.status} ${not.text}`)
      if (round % 3 === 2) {  // a start with the disk still full, as after a power cut
        await school.kill()
        await school.serve()
        expect('after a start on a full disk', await visitor.get('/api/v1/session'), 200)
        expect('signing in after a start on a full disk', await enter(school), 200)
      }

      fs.rmSync(join(school.data, 'filler'))
      const slot = (await freeSlots(visitor, { from: today(school, 1) })).at(-1 - round)
      const after = await book(visitor, slot)
      if (after.status !== 201) wrong.push(`first write with space again: ${after}`)
      else kept.add(after.json.id)
      for (const id of [...kept]) {
        const answer = await visitor.post(`/api/v1/appointments/${id}/cancel`, {})
        if (answer.status !== 200) wrong.push(`an acknowledged booking could not be cancelled: ${answer}`)
        kept.delete(id)
      }
      if (!school.log.includes('"id":"reserve_whole"')) wrong.push('the log does not say that the reserve is whole again')
      await sleep(2500)
      const { text } = await ready(school)
      if (/disk is full/.test(text)) wrong.push(`readyz with space again: ${text}`)
      visitor.close()
      leavers.forEach((leaver) => leaver.close())
    }
    expect('the draft with space again', await counsellor.put(`/api/v1/records/${draft.id}/draft`, sealed, { version: draft.version }), 200)
    await school.stop()
    const verified = await school.cli(['audit', 'verify', '--json'])
    if (verified.status !== 0) wrong.push(`audit: ${verified.stdout}${verified.stderr}`)
    const whole = execFileSync('sqlite3', [join(school.data, 'xinyi.db'), 'PRAGMA integrity_check'], { encoding: 'utf8' }).trim()
    if (whole !== 'ok') wrong.push(whole)
    const control = await withoutReserve(school, signed)
    const words = (counts) => Object.entries(counts).map(([what, n]) => `${what.trim()} ${n}`).join(', ')
    report({ name: 'disk full', tries: tries + vital, failures: wrong.length, since,
      control: `without a reserve ${words(control)}`,
      note: `${rounds} fills; on the full disk ordinary writes ${words(refused)}; ${vital} of ${vital} signings in and out and audited readings done, ${reads} other reads answered; database and audit log sound` })
    assert.deepEqual(wrong.slice(0, 10), [])
    for (const [what, n] of Object.entries(control)) assert.ok(n > 0, `the control without a reserve still does: ${what}`)
  } finally {
    await cleared(school)
  }
})

/** How often what must go on is refused when nothing is set aside. */
async function withoutReserve(school, signed) {
  process.env.XINYI_RESERVE = '0'
  await school.serve()
  const { client: counsellor } = await school.signIn('counsellor')
  const leaver = await student(school, 'student2')
  fill(school.data)
  const refused = { 'signing in 507': 0, 'opening a record 507': 0, 'signing out 507': 0 }
  for (let n = 0; n < 300 && refused['signing in 507'] < 5; n++) if ((await enter(school)).status === 507) refused['signing in 507'] += 1
  for (let n = 0; n < 5; n++) if ((await counsellor.post(`/api/v1/records/${signed.id}/open`, {})).status === 507) refused['opening a record 507'] += 1
  if ((await leaver.delete('/api/v1/session')).status === 507) refused['signing out 507'] += 1
  fs.rmSync(join(school.data, 'filler'))
  leaver.close()
  return refused
}

test('the clock jumps a year ahead and two hours back: sessions end, nothing crashes, the log only grows', { timeout: 600_000 }, async () => {
  const since = performance.now()
  const school = await demoSchool({ students: 30, clock: true })
  const wrong = []
  try {
    let last = await school.storage.auditSize(), jumps = 0
    const expect = (what, answer, ...allowed) => { if (!allowed.includes(answer.status)) wrong.push(`${what}: ${answer}`) }
    const grown = async (what) => {
      const [{ n, highest }] = await school.storage.rows('SELECT count(*) AS n, max(number) AS highest FROM audit_events')
      if (Number(n) <= last || Number(highest) + 1 !== Number(n)) wrong.push(`${what}: ${last} events, then ${n}, highest ${highest}`)
      last = Number(n)
    }
    const signIn = async (username) => {
      const client = school.client({ username })
      const { accounts } = await client.ok('GET', '/api/v1/demo')
      const totp = accounts.find((each) => each.username === username)?.totp_code
      const answer = await client.post('/api/v1/session', { username, password: school.password, ...(totp ? { totp } : {}) })
      client.me = answer.json
      return { client, answer }
    }
    const use = async (what) => {
      const { client, answer } = await signIn('student')
      expect(`${what}: signing in`, answer, 200)
      const made = await book(client, (await freeSlots(client, { from: today(school) })).at(-1) ?? {})
      expect(`${what}: booking`, made, 201, 409, 422)
      await grown(what)
      return client
    }
    const steps = [['a year ahead', 365 * 86400], ['two hours back', -7200], ['two hours ahead', 7200], ['a year back', -365 * 86400], ['a day over midnight', 86400]]
    for (const [what, seconds] of full ? [...steps, ...steps, ...steps, ...steps] : steps) {
      const student = await use(`before ${what}`)
      // A used code stays used, on every trip of the clock: the next one is half a minute away, not a year.
      school.moveClock(30)
      const { client: staff, answer } = await signIn('counsellor')
      expect(`before ${what}: staff signing in`, answer, 200)
      // Nor does a pause that began in a wrong future keep anybody waiting for it.
      expect(`before ${what}: an owner whose account is slowed down elsewhere in time`, (await signIn('reception')).answer, 200)
      for (let n = 0; n < 6; n++) await school.client().post('/api/v1/session', { username: 'reception', password: `guess number ${n}` })
      expect(`before ${what}: the slow-down`, (await signIn('reception')).answer, 429)
      school.moveClock(seconds)
      jumps += 1
      const [asStudent, asStaff] = [await student.get('/api/v1/session'), await staff.get('/api/v1/session')]
      if (seconds >= 7200) {
        expect(`${what}: the student's old session`, asStudent, 401)
        expect(`${what}: the counsellor's old session`, asStaff, 401)
      } else {
        expect(`${what}: the student's session`, asStudent, 200, 401)
        expect(`${what}: the counsellor's session`, asStaff, 200, 401)
      }
      expect(`${what}: anybody`, await school.client().get('/api/v1/about'), 200)
      await use(what)
    }
    // Control: the clock that the school sees is the moved one, and without a jump a session lives.
    const lives = await use('at the end')
    expect('control: a session lives without a jump', await lives.get('/api/v1/session'), 200)
    const ends = Date.parse(lives.me.ends_at) - Date.now()
    if (Math.abs(ends / 1000 - school.offset - 7200) > 120) wrong.push('the control shows that the clock did not move')
    const end = await school.stop()
    if (end.status !== 0) wrong.push(`the server ended with ${end.status} ${end.signal}`)
    const verified = await school.cli(['audit', 'verify', '--json'])
    if (verified.status !== 0) wrong.push(`audit: ${verified.stdout}${verified.stderr}`)
    report({ name: 'clock jumps', tries: jumps, failures: wrong.length, since, control: 'without a jump a session lives; its end follows the moved clock', note: `${last} audit events, numbers without a gap` })
    assert.deepEqual(wrong.slice(0, 10), [])
  } finally {
    await school.remove()
  }
})
