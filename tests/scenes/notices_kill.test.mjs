// What is told survives the one who tells it: the sender killed at any moment, and two senders on one database.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { booked, demoSchool, freeSlots, onPostgres, School, sleep, top } from './harness.mjs'
import { listen, mailServer, mailSettings, setMail, until } from './notices_kit.mjs'

const rounds = process.env.XINYI_CAMPAIGN === 'full' ? 60 : 5
const address = 'counsellor@example.org'

async function prepared(options) {
  const school = await demoSchool(options)
  if (options.clock) school.moveTo('08:00', 1)
  const mail = await mailServer()
  const [admin, counsellor, student] = [await school.as('admin'), await school.as('counsellor'), await school.as('student')]
  assert.equal((await setMail(admin, mailSettings(mail))).status, 200)
  // The scenes on the real clock run at any hour.
  await admin.ok('PUT', '/api/v1/notify/quiet', { mail: { from: '00:00', until: '00:00' }, hook: { from: '00:00', until: '00:00' } })
  await counsellor.ok('PUT', '/api/v1/me/channels', { mail: address })
  const slots = await freeSlots(student, { counsellor: counsellor.id })
  return { school, mail, admin, counsellor, student, slots }
}
/** Each message once; what came twice is the same message and says that it may be a second time. */
function judge(mails, expected) {
  const byId = new Map()
  for (const each of mails) byId.set(each.id, [...(byId.get(each.id) ?? []), each])
  assert.equal(byId.size, expected, 'as many messages as notices')
  let repeats = 0
  for (const copies of byId.values()) {
    for (const copy of copies.slice(1)) {
      assert.ok(copy.repeat, 'a second copy says so')
      repeats += 1
    }
  }
  return repeats
}

test('notices: a sender killed at any moment loses nothing, and what comes twice carries the same Message-ID and says so', async (t) => {
  const { school, mail, counsellor, student, slots } = await prepared({ clock: true, seed: 3 })
  t.after(async () => { await school.remove(); await mail.close() })
  let posted = 0
  const next = () => slots[posted]
  const arrived = () => new Set(mail.mails.map((each) => each.id)).size
  for (let round = 0; round < rounds; round += 1) {
    // Slow enough that a kill meets every state: before, in the middle, after the mail was taken.
    mail.behave = async () => { await sleep(Math.random() * 60) }
    for (let n = 0; n < 3; n += 1) {
      await booked(student, next())
      posted += 1
    }
    await sleep(Math.random() * 250)
    await school.kill()
    await school.serve()
    school.moveClock(16)  // the dead holder's lease ends
    await until(`all of round ${round}`, () => arrived() === posted, 40_000)
  }
  // Certainly in between: taken by the server, and the sender dies before it knows.
  mail.behave = () => ({ silent: true })
  await booked(student, next())
  posted += 1
  await until('the mail is taken', () => arrived() === posted)
  await school.kill()
  mail.behave = () => undefined
  await school.serve()
  school.moveClock(16)
  await until('the repeat', () => mail.mails.filter((each) => each.id === mail.mails.at(-1).id).length === 2 && mail.mails.at(-1).repeat, 40_000)
  assert.match(mail.mails.at(-1).text, /可能已经发过一次/)
  const repeats = judge(mail.mails, posted)
  t.diagnostic(`${posted} notices, ${rounds + 1} kills, ${repeats} repeats`)
  assert.equal((await counsellor.ok('GET', '/api/v1/notices?limit=100')).items.length, Math.min(posted, 100))
})

test('notices: a server that is told to stop finishes what it sends, and the next one repeats nothing', async (t) => {
  const { school, mail, student, slots } = await prepared({ clock: true, seed: 4 })
  t.after(async () => { await school.remove(); await mail.close() })
  mail.behave = () => sleep(400)
  for (const slot of slots.slice(0, 3)) await booked(student, slot)
  await sleep(300)
  const begun = Date.now()
  assert.equal((await school.stop()).status, 0)
  assert.ok(Date.now() - begun < 8000)
  mail.behave = () => undefined
  await school.serve()
  await until('all three', () => mail.mails.length === 3)
  await sleep(800)
  assert.equal(judge(mail.mails, 3), 0)
})

// SQLite has one process; there the file runs itself once more beside a PostgreSQL.
if (!onPostgres)
  test('notices: the same on PostgreSQL, with two processes', { timeout: 280_000 }, async () => {
    await promisify(execFile)(join(top, 'script/with-postgres'), [process.execPath, '--test', '--test-name-pattern', 'two processes on one', fileURLToPath(import.meta.url)], { cwd: top, maxBuffer: 64 << 20, env: { ...process.env, NODE_TEST_CONTEXT: undefined } })
  })
else test('notices: two processes on one database send once, and each hears what happens in the other', async (t) => {
  const { school, mail, counsellor, student, slots } = await prepared({ seed: 5 })
  const second = new School({ folder: school.folder })
  second.storage = school.storage
  await second.serve()
  t.after(async () => { await second.stop(); await school.remove(); await mail.close() })
  const windows = [await listen(counsellor), await listen(counsellor, { port: second.port })]
  for (const slot of slots.slice(0, 8)) {
    const begun = Date.now()
    await booked(student, slot)
    for (const window of windows) {
      await until('the event', () => window.events.length > slots.indexOf(slot))
      assert.ok(window.events.at(-1).at - begun < 1000, `${window.events.at(-1).at - begun} ms`)
    }
  }
  assert.deepEqual(windows[0].events.map((each) => each.id), windows[1].events.map((each) => each.id))
  await until('eight mails', () => mail.mails.length >= 8)
  await sleep(1000)
  assert.equal(judge(mail.mails, 8), 0, 'two senders, no repeat')
  // A window comes back at the other process and goes on where it was.
  windows[0].close()
  await booked(student, slots[8])
  const moved = await listen(counsellor, { port: second.port, after: windows[0].last })
  await until('the missed event', () => moved.events.length === 1)
  await until('its mail', () => mail.mails.length >= 9)  // else the silence below would hold it, and the next behind it
  // One process dies while it sends; the other takes over within its lease.
  mail.behave = () => ({ silent: true })
  await booked(student, slots[9])
  await until('taken', () => mail.mails.length >= 10)
  await school.kill()
  mail.behave = () => undefined
  student.school.port = second.port
  await booked(student, slots[10])
  await until('the rest', () => new Set(mail.mails.map((each) => each.id)).size === 11, 60_000)
  await sleep(500)
  for (const window of [windows[1], moved]) window.close()
  judge(mail.mails, 11)
})
