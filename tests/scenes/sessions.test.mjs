// How a session begins, how it ends, and that guessing is slow without locking the owner out.
import test from 'node:test'
import assert from 'node:assert/strict'
import { demoSchool, openedSchool, sleep } from './harness.mjs'

const school = await demoSchool({ clock: true })
test.after(() => school.remove())
const alive = async (client) => (await client.get('/api/v1/session')).status === 200
const minutes = (n) => school.moveClock(n * 60)

test('sessions: signing out ends this session, here and for a copy of the cookie', async () => {
  const { client } = await school.signIn('reception')
  const thief = school.client()
  thief.cookie = client.cookie
  assert.ok(await alive(thief))
  const since = await school.audit.size()
  assert.equal((await client.delete('/api/v1/session')).status, 204)
  assert.equal(client.cookie, '')
  assert.equal((await thief.get('/api/v1/session')).code, 'session_ended')
  assert.equal((await school.audit.events({ since, act: 'session.ended' })).length, 1)
  assert.equal((await school.client().get('/api/v1/session')).code, 'sign_in_needed')
})

test('sessions: staff end after 30 idle minutes and after 10 hours at most; students after 15 and 2 hours', async () => {
  for (const [username, idle, whole] of [['deputy', 30, 600], ['student2', 15, 120]]) {
    const { client: still } = await school.signIn(username)
    minutes(idle - 1)
    assert.ok(await alive(still), `${username} within ${idle} minutes`)
    minutes(idle + 1)
    assert.ok(!(await alive(still)), `${username} idle`)
    const { client: busy } = await school.signIn(username)
    let lived = 0
    while (lived < whole + idle && (await alive(busy))) {
      await sleep(100)  // the new idle end is written behind the answer
      minutes(idle - 2)
      lived += idle - 2
    }
    assert.ok(lived >= whole && lived <= whole + idle, `${username} ended after ${lived} minutes of work`)
  }
})

test('sessions: an authenticator code works once', async () => {
  const totp = await school.code('principal')
  const { answer } = await school.signIn('principal', { totp })
  assert.equal(answer.status, 200)
  assert.equal((await school.signIn('principal', { totp })).answer.code, 'totp_wrong')
  assert.equal((await school.client().post('/api/v1/session', { username: 'principal', password: school.password })).code, 'totp_needed')
})

test('sessions: wrong password and unknown account are told apart by nothing', async () => {
  const stranger = school.client({ from: '127.0.0.7' })
  const one = await stranger.post('/api/v1/session', { username: 'counsellor', password: 'wrong password here' })
  const two = await stranger.post('/api/v1/session', { username: 'nobody-of-that-name', password: 'wrong password here' })
  assert.equal(one.status, 401)
  assert.equal(one.sameless, two.sameless)
})

test('sessions: guessing gets slow, the owner elsewhere gets in', async () => {
  const guesser = school.client({ from: '127.0.0.2' })
  const codes = []
  for (let n = 0; n < 7; n += 1) codes.push((await guesser.post('/api/v1/session', { username: 'archivist', password: `guess number ${n}` })).code)
  assert.equal(codes[0], 'sign_in_failed')
  assert.equal(codes.at(-1), 'slow_down')
  const slowed = await guesser.post('/api/v1/session', { username: 'archivist', password: school.password })
  assert.equal(slowed.status, 429, 'even with the right password')
  assert.ok(slowed.json.retry_after_s > 0 && Number(slowed.headers['retry-after']) === slowed.json.retry_after_s)
  const { answer } = await school.signIn('archivist', { from: '127.0.0.3' })
  assert.equal(answer.status, 200, 'the owner, at another address')
  school.moveClock(slowed.json.retry_after_s + 1)
  assert.equal((await school.signIn('archivist', { from: '127.0.0.2' })).answer.status, 200, 'after the wait')
})

test('sessions: a changed password and a disabled account end the other sessions at once', async (t) => {
  const real = await openedSchool({ clock: true })
  t.after(() => real.remove())
  const director = await real.as('director')
  const here = await real.hire(director, { username: 'zhou', name: '周敏', roles: ['counsellor'], password: 'winter orchard bicycle' })
  const { client: there } = await real.signIn('zhou', { password: 'winter orchard bicycle' })
  assert.equal((await there.get('/api/v1/cases')).status, 200)
  assert.equal((await here.put('/api/v1/account/password', { current: 'not the password', replacement: 'copper violin meadow' })).status, 401)
  assert.equal((await there.get('/api/v1/cases')).status, 200)
  assert.equal((await here.put('/api/v1/account/password', { current: 'winter orchard bicycle', replacement: 'copper violin meadow' })).status, 200)
  assert.equal((await there.get('/api/v1/cases')).code, 'session_ended')
  assert.equal((await here.get('/api/v1/cases')).status, 200, 'the one that changed it goes on')
  assert.equal((await real.signIn('zhou', { password: 'winter orchard bicycle' })).answer.code, 'sign_in_failed')
  const { client: again } = await real.signIn('zhou', { password: 'copper violin meadow' })
  assert.equal((await again.get('/api/v1/cases')).status, 200, 'the key came along')
  await director.ok('POST', `/api/v1/staff/${here.id}/disable`, { reason: '离职' })
  for (const each of [here, again]) assert.equal((await each.get('/api/v1/cases')).code, 'session_ended')
  assert.equal((await real.signIn('zhou', { password: 'copper violin meadow' })).answer.code, 'sign_in_failed')
  assert.equal((await director.post(`/api/v1/staff/${director.id}/disable`, { reason: '试试' })).code, 'last_director')
})
