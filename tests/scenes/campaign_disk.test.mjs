// The disk fills up under a running school, and the clock jumps: writes are refused in so many words, what can be read
// is read, nothing acknowledged is lost, and all goes on when there is space again.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { full, report } from './campaign_kit.mjs'
import { School, book, demoSchool, freeSlots, onPostgres, today } from './harness.mjs'

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

test('a full disk: 507 and nothing half, reading goes on, nothing acknowledged is lost, and it recovers by itself',
  { timeout: 1_800_000, skip: (!root && 'mounting a small disk needs root') || (onPostgres && 'the data is not in the folder there') }, async () => {
  const since = performance.now()
  const school = new School()
  fs.mkdirSync(school.data)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', school.data])
  const wrong = [], refused = {}, kept = new Set()
  let tries = 0, survived = { reads: 0, signOut: {}, signIn: {} }
  try {
    const made = JSON.parse((await school.cli(['demo', '--students', '30', '--json'], { ok: true })).stdout)
    school.password = made.password
    await school.serve()
    const counsellor = await school.as('counsellor')
    for (let round = 0; round < rounds; round++) {
      const { client: student } = await school.signIn(round % 2 ? 'student' : 'student2')
      const { client: leaver } = await school.signIn(round % 2 ? 'student' : 'student2')
      fill(school.data)
      // Some room is left in the log; writes go on until it is used up, then every one is refused.
      const slots = await freeSlots(student, { from: today(school, 1) })
      let full507 = 0
      for (let n = 0; n < 4000 && full507 < 20; n++) {
        tries += 1
        const answer = n % 2 && kept.size > 0 ? await student.post(`/api/v1/appointments/${[...kept].at(-1)}/cancel`, {}) : await book(student, slots[n % slots.length])
        if (answer.status === 201) kept.add(answer.json.id)
        else if (answer.status === 200) kept.delete(answer.json.id)
        else {
          refused[answer] = (refused[answer] ?? 0) + 1
          if (answer.status === 507) full507 += 1
          else if (answer.status >= 500) wrong.push(`${answer}`)
        }
      }
      if (full507 === 0) wrong.push('the disk was full and no write was refused')
      for (const [client, path] of [[student, '/api/v1/appointments/mine'], [student, '/api/v1/slots'], [student, '/api/v1/session'], [counsellor, '/api/v1/cases'], [counsellor, '/api/v1/about']]) {
        const answer = await client.get(path)
        if (answer.status === 200) survived.reads += 1
        else wrong.push(`reading ${path} on a full disk: ${answer}`)
      }
      const mine = new Set((await student.get('/api/v1/appointments/mine')).json.items.filter((each) => each.state === 'booked').map((each) => each.id))
      for (const id of kept) if (!mine.has(id) && round === 0) wrong.push('an acknowledged booking is not there on the full disk')
      const out = await leaver.delete('/api/v1/session')
      survived.signOut[out] = (survived.signOut[out] ?? 0) + 1
      if (out.status !== 204 && out.status !== 507) wrong.push(`signing out: ${out}`)
      const again = await school.client().post('/api/v1/session', { username: 'student', password: school.password })
      survived.signIn[again] = (survived.signIn[again] ?? 0) + 1
      if (![200, 507].includes(again.status)) wrong.push(`signing in: ${again}`)
      if (round % 3 === 2) {  // a start with the disk still full, as after a power cut
        await school.kill()
        await school.serve()
        const answer = await student.get('/api/v1/session')
        if (answer.status !== 200) wrong.push(`after a start on a full disk: ${answer}`)
      }
      fs.rmSync(join(school.data, 'filler'))
      const slot = (await freeSlots(student, { from: today(school, 1) })).at(-1 - round)
      const after = await book(student, slot)
      if (after.status !== 201) wrong.push(`first write with space again: ${after}`)
      else kept.add(after.json.id)
      for (const id of [...kept]) {
        const answer = await student.post(`/api/v1/appointments/${id}/cancel`, {})
        if (answer.status !== 200) wrong.push(`an acknowledged booking could not be cancelled: ${answer}`)
        kept.delete(id)
      }
      student.close()
      leaver.close()
    }
    await school.stop()
    const verified = await school.cli(['audit', 'verify', '--json'])
    if (verified.status !== 0) wrong.push(`audit: ${verified.stdout}${verified.stderr}`)
    const whole = execFileSync('sqlite3', [join(school.data, 'xinyi.db'), 'PRAGMA integrity_check'], { encoding: 'utf8' }).trim()
    if (whole !== 'ok') wrong.push(whole)
    const words = (counts) => Object.entries(counts).map(([what, n]) => `${what.trim()} ${n}`).join(', ')
    report({ name: 'disk full', tries, failures: wrong.length, since, control: `with space left the same writes succeed; on the full disk ${words(refused)}`,
      note: `${rounds} fills, ${survived.reads} reads answered; sign-out ${words(survived.signOut)}; sign-in ${words(survived.signIn)}; database and audit log sound` })
    assert.deepEqual(wrong.slice(0, 10), [])
  } finally {
    await school.stop()
    execFileSync('umount', [school.data])
    await school.remove()
  }
})

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
