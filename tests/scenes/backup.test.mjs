// A copy made while people work: whole, sealed, told in the log, and without anything that belongs to the running server.
import test from 'node:test'
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { rows } from './campaign_kit.mjs'
import { School, anyKey, book, demoSchool, files, freeSlots, onPostgres, today } from './harness.mjs'

const skip = onPostgres && 'PostgreSQL has tools of its own for this'
const school = await demoSchool()
test.after(() => school.remove())
const running = ['sessions', 'idempotency', 'sign_in_failures', 'leases']
const counts = (file) => Object.fromEntries(running.map((table) => [table, rows(file, `SELECT count(*) AS n FROM ${table}`)[0].n]))

test('backup: beside a working server, by the operator, and the work goes on', { skip }, async () => {
  const student = await school.as('student')
  const slots = await freeSlots(student, { from: today(school, 1) })
  await book(student, slots[0], {})
  assert.equal((await school.client().post('/api/v1/session', { username: 'student2', password: 'a wrong guess' })).status, 401)
  const since = await school.audit.size()
  const to = join(school.folder, 'to/backup')
  let on = true
  const work = (async () => {
    let done = 0
    while (on) {
      const answer = await student.post('/api/v1/appointments', { shift_id: slots[1].shift_id, starts_at: slots[1].starts_at }, { key: anyKey() })
      assert.ok([201, 409].includes(answer.status), `${answer}`)
      if (answer.status === 201) assert.equal((await student.post(`/api/v1/appointments/${answer.json.id}/cancel`, {})).status, 200)
      done += 1
    }
    return done
  })()
  const made = await school.cli(['backup', to])
  on = false
  assert.equal(made.status, 0, made.stderr)
  assert.ok((await work) > 0)
  const [file, ...more] = files(to)
  assert.deepEqual(more, [], 'one file: neither a log beside it nor anything unfinished, and no key')
  assert.equal(made.stdout.trim(), file)
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  assert.equal(fs.statSync(to).mode & 0o777, 0o700)
  assert.equal((await student.get('/api/v1/session')).status, 200, 'nobody was signed out by it')

  // An act of the operator, in the log and in the copy, and under a signed head of the copy's own.
  const [event, ...again] = await school.audit.events({ since, act: 'backup.made' })
  assert.deepEqual([event.actor_kind, event.outcome, again.length], ['operator', 'done', 0])
  assert.equal(rows(file, `SELECT act FROM audit_events WHERE number = ${event.number}`)[0].act, 'backup.made')
  assert.ok(rows(file, 'SELECT max(size) AS size FROM audit_heads')[0].size > event.number)
  assert.equal(rows(file, 'PRAGMA integrity_check')[0].integrity_check, 'ok')
  assert.equal(rows(file, 'PRAGMA journal_mode')[0].journal_mode, 'delete')
})

test('backup: no session, remembered request, counted guess or lease is in it, not even as leftover bytes', { skip }, async () => {
  for (const name of ['counsellor', 'director', 'reception']) await school.as(name)
  const live = join(school.data, 'xinyi.db')
  const had = await school.storage.rows(running.map((table) => `SELECT '${table}' AS name, count(*) AS n FROM ${table}`).join(' UNION ALL '))
  for (const { name, n } of had) assert.ok(n > 0, `control: the live database has ${name}`)
  const sessions = await school.storage.rows('SELECT hex(lookup) AS lookup, hex(sealed) AS sealed FROM sessions')
  const file = (await school.cli(['backup', join(school.folder, 'second')], { ok: true })).stdout.trim()
  assert.deepEqual(counts(file), { sessions: 0, idempotency: 0, sign_in_failures: 0, leases: 0 })
  const bytes = fs.readFileSync(file)
  for (const { lookup, sealed } of sessions)
    for (const [what, part] of [['look-up id', lookup], ['sealed secret', sealed]]) {
      assert.ok(part.length >= 32)
      assert.equal(bytes.indexOf(Buffer.from(part, 'hex')), -1, `the ${what} of a session lies in the copy`)
    }
  // Control: the same search finds them where they are.
  const alive = Buffer.concat([live, `${live}-wal`].filter((each) => fs.existsSync(each)).map((each) => fs.readFileSync(each)))
  assert.ok(sessions.every(({ lookup }) => alive.includes(Buffer.from(lookup, 'hex'))))
  for (const name of ['machine.key', 'epoch.key', 'log.key'])
    assert.equal(bytes.indexOf(fs.readFileSync(join(`${school.data}.secrets`, name))), -1, `${name} lies in the copy`)
  for (const name of ['counsellor', 'student']) assert.ok(!bytes.includes((await school.as(name)).cookie.split('.')[1]), 'a cookie lies in the copy')
})

test('backup: a school set up from it runs, knows its people, and nobody is signed in', { skip }, async () => {
  const student = await school.as('student')
  const file = (await school.cli(['backup', join(school.folder, 'third')], { ok: true })).stdout.trim()
  const restored = new School()
  try {
    fs.mkdirSync(restored.data, { mode: 0o700 })
    fs.copyFileSync(file, join(restored.data, 'xinyi.db'))
    fs.cpSync(`${school.data}.secrets`, `${restored.data}.secrets`, { recursive: true })
    fs.copyFileSync(`${school.data}.heads`, `${restored.data}.heads`)
    const verified = await restored.audit.verify()
    assert.ok(verified.sound, JSON.stringify(verified))
    await restored.serve()
    const thief = restored.client()
    thief.cookie = student.cookie
    assert.equal((await thief.get('/api/v1/session')).code, 'session_ended')
    assert.equal((await restored.client().post('/api/v1/session', { username: 'student', password: school.password })).status, 200)
  } finally {
    await restored.remove()
  }
})

test('backup: where it cannot be written it says so, and a folder that was there keeps its rights', { skip }, async () => {
  const blocked = join(school.folder, 'a-file')
  fs.writeFileSync(blocked, '')
  const refused = await school.cli(['backup', join(blocked, 'x')])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /cannot be made/)
  const shared = join(school.folder, 'shared')
  fs.mkdirSync(shared)
  fs.chmodSync(shared, 0o755)
  await school.cli(['backup', shared], { ok: true })
  assert.equal(fs.statSync(shared).mode & 0o777, 0o755)
  await school.offline(async () => assert.equal((await school.cli(['backup', join(school.folder, 'stopped')])).status, 0, 'and without a server'))
})
