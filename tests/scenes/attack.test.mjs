// What a hostile or clumsy person tries against the running program, and what stops it.
import test from 'node:test'
import assert from 'node:assert/strict'
import { book, demoSchool, freeSlots } from './harness.mjs'

const school = await demoSchool({ clock: true })
test.after(() => school.remove())

test('attack: guesses sent at once are judged one by one', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) =>
    school.client({ from: '127.0.0.9' }).post('/api/v1/session', { username: 'archivist', password: `guess number ${n}` })))
  assert.ok(answers.filter((each) => each.code === 'sign_in_failed').length <= 5, answers.map((each) => each.code).join(' '))
  assert.ok(answers.some((each) => each.code === 'slow_down'))
})

test('attack: a session left open is no place to guess the password', async () => {
  const { client } = await school.signIn('student2', { from: '127.0.0.10' })
  const codes = []
  for (let n = 0; n < 7; n += 1) codes.push((await client.put('/api/v1/account/password', { current: `guess number ${n}`, replacement: 'copper violin meadow' })).code)
  assert.equal(codes.at(-1), 'slow_down', codes.join(' '))
})

test('attack: a password alone, known before the second factor was set up, opens nothing afterwards', async () => {
  const director = await school.as('director')
  const password = 'lantern orbit quiet field'
  const invited = await director.ok('POST', '/api/v1/staff', { username: 'desk2', name: '新前台', roles: ['reception'] })
  const owner = school.client({ username: 'desk2' })
  await owner.ok('POST', '/api/v1/session/first', { username: 'desk2', start_secret: invited.start_secret, password })
  const thief = school.client()
  await thief.ok('POST', '/api/v1/session', { username: 'desk2', password })
  assert.equal((await thief.get('/api/v1/day')).code, 'totp_setup_needed')
  school.learn('desk2', (await owner.ok('POST', '/api/v1/account/totp')).secret)
  await owner.ok('PUT', '/api/v1/account/totp', { code: await school.code('desk2') })
  assert.equal((await thief.get('/api/v1/day')).code, 'session_ended')
  assert.equal((await owner.get('/api/v1/day')).status, 200)
})

test('attack: a homeroom teacher gets no secret with which to sign in as a child', async () => {
  const director = await school.as('director')
  const child = (await director.ok('GET', '/api/v1/students')).items.at(-1)
  assert.equal((await (await school.as('homeroom')).post(`/api/v1/students/${child.id}/start-secret`)).code, 'not_allowed')
})

test('attack: whoever looks after the machine is not made reception', async () => {
  const director = await school.as('director')
  assert.equal((await director.post('/api/v1/staff', { username: 'it2', name: '网管', roles: ['administrator', 'reception'] })).code, 'roles_conflict')
})

test('attack: no child is offered, or gets, a time of somebody who has left', async () => {
  const director = await school.as('director')
  const { client: student } = await school.signIn('student', { from: '127.0.0.11' })
  const leaver = (await director.ok('GET', '/api/v1/staff')).items.find((each) => each.username === 'counsellor2')
  const [slot] = await freeSlots(student, { counsellor: leaver.id })
  await director.ok('POST', `/api/v1/staff/${leaver.id}/disable`, { reason: '离职' })
  assert.deepEqual(await freeSlots(student, { counsellor: leaver.id }), [])
  assert.equal((await book(student, slot)).code, 'slot_gone')
})
