// A real school from `xinyi init` to its first working day, with the keys of the director's own browser.
import test from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Ceremony, base64, ed25519, seal, fromBase64 } from './crypto.mjs'
import { newSchool } from './harness.mjs'

const school = await newSchool({ clock: true })
test.after(() => school.remove())
const director = school.client({ username: 'director' })
const password = 'quiet river lantern stone'
let claim

const state = async () => {
  const [row] = await school.storage.rows("SELECT (SELECT state FROM schools) AS state, (SELECT count(*) FROM room_keys) AS keys, (SELECT count(*) FROM accounts WHERE state = 'active') AS active")
  return `${row.state} ${row.keys} ${row.active}`
}

test('set-up: before it, the server answers nothing but set-up', async () => {
  const routes = JSON.parse((await school.cli(['routes', '--json'])).stdout)
  const open = ['/api/v1/about', '/api/v1/openapi.json', '/api/v1/setup/claim', '/api/v1/setup/session', '/api/v1/setup/room']
  for (const route of routes) {
    const answer = await school.client().send(route.method, route.path.replace('{id}', school.id), route.body ? {} : undefined, { version: route.versioned ? 1 : undefined, raw: route.upload_limit ? Buffer.from('x') : undefined })
    if (open.includes(route.path)) assert.notEqual(answer.code, 'setup_needed', route.path)
    else assert.equal(`${answer.status} ${answer.code}`, '503 setup_needed', `${route.method} ${route.path}`)
  }
  assert.equal((await school.client().get('/api/v1/about')).json.setup_needed, true)
})

test('set-up: a wrong start secret claims nothing; the right one works once', async () => {
  school.moveClock(6 * 86_400 + 23 * 3600)  // nearly seven days later
  const stranger = school.client()
  const wrong = await stranger.post('/api/v1/setup/claim', { start_secret: 'AAAA-BBBB-CCCC-DDDD', username: 'director', password })
  assert.equal(`${wrong.status} ${wrong.code}`, '401 start_secret_wrong')
  assert.equal((await stranger.post('/api/v1/setup/claim', { start_secret: school.startSecret, username: 'director', password: 'password' })).status, 422)
  assert.equal(await state(), 'starting 0 0')
  for (const tried of [password, school.startSecret])
    assert.equal((await stranger.post('/api/v1/setup/session', { username: 'director', password: tried })).code, 'sign_in_failed', 'nobody has claimed it yet')
  claim = await director.ok('POST', '/api/v1/setup/claim', { start_secret: school.startSecret.toLowerCase().replaceAll('-', ' '), username: 'director', password })
  assert.equal((await stranger.post('/api/v1/setup/claim', { start_secret: school.startSecret, username: 'thief', password })).code, 'start_secret_wrong', 'used')
  const again = await director.ok('GET', '/api/v1/setup/claim')
  assert.deepEqual(again, claim, 'a reloaded page gets the same')
})

test('set-up: a start secret lasts seven days', async (t) => {
  const late = await newSchool({ clock: true })
  t.after(() => late.remove())
  late.moveClock(7 * 86_400 + 60)
  const claimed = await late.client().post('/api/v1/setup/claim', { start_secret: late.startSecret, username: 'director', password })
  assert.equal(`${claimed.status} ${claimed.code}`, '401 start_secret_wrong')
})

test('set-up: a director whose session is lost goes on with the chosen password, and nobody else does', async () => {
  const since = await school.audit.size()
  director.cookie = ''  // the browser was closed
  assert.equal((await director.get('/api/v1/setup/claim')).code, 'sign_in_needed')
  const stranger = school.client({ from: '127.0.0.20' })
  for (const body of [{ username: 'director', password: 'quiet river lantern stones' }, { username: 'somebody', password }, { username: 'director', password: school.startSecret }])
    assert.equal((await stranger.post('/api/v1/setup/session', body)).code, 'sign_in_failed')
  assert.equal((await stranger.get('/api/v1/setup/claim')).code, 'sign_in_needed')
  assert.equal((await stranger.post('/api/v1/session', { username: 'director', password })).code, 'setup_needed', 'the ordinary door stays shut')
  const guessed = []
  for (let n = 0; n < 3; n += 1) guessed.push((await stranger.post('/api/v1/setup/session', { username: 'director', password: `guess ${n}` })).code)
  guessed.push((await stranger.post('/api/v1/setup/session', { username: 'director', password })).code)
  assert.equal(guessed.at(-1), 'slow_down', guessed.join(' '))

  assert.deepEqual(await director.ok('POST', '/api/v1/setup/session', { username: 'director', password }), claim, 'the same keys, the same challenge')
  assert.deepEqual(await director.ok('GET', '/api/v1/setup/claim'), claim)
  const acts = (await school.audit.events({ since })).map((each) => each.act)
  assert.ok(acts.includes('session.opened') && acts.includes('session.refused'), acts.join(' '))
  assert.equal(await state(), 'starting 0 1')
})

test('set-up: keys that do not fit each other are refused, and nothing is stored', async () => {
  const ceremony = new Ceremony()
  const other = new Ceremony()
  const [one, two, three] = await ceremony.cards()
  const seed = await ceremony.rebuild(one, three)
  assert.deepEqual(Buffer.from(await ceremony.rebuild(two, three)), ceremony.seeds.room, 'any two cards rebuild the seed')
  const right = ceremony.message(claim, seed)
  const [strange] = await other.cards()
  const faults = {
    'cards of another set': { ...right, cards_proof: ceremony.message(claim, await ceremony.rebuild(one, strange).catch(() => randomBytes(32))).cards_proof },
    'a proof over another challenge': { ...right, cards_proof: ceremony.message({ ...claim, challenge: base64(randomBytes(16)) }, seed).cards_proof },
    'a certificate for somebody else': { ...right, certificate: ceremony.message(claim, seed, { person: school.id }).certificate },
    'a certificate for other roles': { ...right, certificate: ceremony.message(claim, seed, { roles: 'administrator' }).certificate },
    'a certificate by another room': { ...right, certificate: other.message(claim, other.seeds.room).certificate },
    'duty and crisis seeds swapped': { ...right, duty_sealed: right.crisis_sealed, crisis_sealed: right.duty_sealed },
    'a room seed that is not the room’s': { ...right, room_sealed: base64(seal(randomBytes(32), fromBase64(claim.box_public))) },
    'a seed sealed to a stranger': { ...right, duty_sealed: base64(seal(ceremony.seeds.duty, other.room.box)) },
    'signing half of another room': { ...right, room: { ...right.room, sign_public: base64(other.room.sign) } },
    'a key that is too short': { ...right, duty_public: base64(randomBytes(31)) },
  }
  assert.ok(ed25519.verify(fromBase64(right.cards_proof), fromBase64(claim.challenge), ceremony.room.sign))
  for (const [what, message] of Object.entries(faults)) {
    const answer = await director.post('/api/v1/setup/room', message)
    assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer}`)
    assert.equal(await state(), 'starting 0 1', what)
  }
  assert.equal((await school.client().post('/api/v1/setup/room', right)).code, 'sign_in_needed')
  director.me = await director.ok('POST', '/api/v1/setup/room', right)
  assert.equal(await state(), 'open 3 1')
  assert.deepEqual([...director.me.needs].sort(), ['pledge', 'totp'])
  assert.equal((await director.post('/api/v1/setup/room', right)).code, 'setup_done')
  assert.equal((await school.client().post('/api/v1/setup/claim', { start_secret: school.startSecret, username: 'thief', password })).code, 'setup_done')
  assert.equal((await school.client().post('/api/v1/setup/session', { username: 'director', password })).code, 'setup_done', 'from now on by the ordinary door, with a second factor')
})

test('set-up: a colleague is invited, claims, binds an authenticator, waits to be confirmed in person, then works', async () => {
  const totp = await director.ok('POST', '/api/v1/account/totp')
  school.learn('director', totp.secret)
  assert.equal((await director.get('/api/v1/staff')).code, 'totp_setup_needed')
  await director.ok('PUT', '/api/v1/account/totp', { code: await school.code('director') })
  const [due] = (await director.ok('GET', '/api/v1/declarations/due')).items
  await director.ok('POST', `/api/v1/declarations/${due.id}/acknowledge`, {})

  const invited = await director.ok('POST', '/api/v1/staff', { username: 'zhou', name: '周敏', roles: ['counsellor'] })
  const colleague = school.client({ username: 'zhou' })
  const first = { username: 'zhou', start_secret: invited.start_secret, password: 'winter orchard bicycle' }
  assert.equal((await colleague.post('/api/v1/session/first', { ...first, start_secret: 'AAAA-BBBB-CCCC-DDDD' })).code, 'start_secret_wrong')
  colleague.me = await colleague.ok('POST', '/api/v1/session/first', first)
  assert.equal((await school.client().post('/api/v1/session/first', first)).code, 'start_secret_wrong', 'works once')
  assert.deepEqual([...colleague.me.needs].sort(), ['certification', 'pledge', 'totp'])
  assert.equal((await colleague.get('/api/v1/cases')).code, 'totp_setup_needed')
  const made = await colleague.ok('POST', '/api/v1/account/totp')
  school.learn('zhou', made.secret)
  await colleague.ok('PUT', '/api/v1/account/totp', { code: await school.code('zhou') })
  assert.equal((await colleague.get('/api/v1/cases')).code, 'certification_needed')

  const shown = (await director.ok('GET', '/api/v1/staff')).items.find((each) => each.id === invited.id)
  assert.equal(shown.state, 'uncertified')
  const own = (await colleague.ok('GET', '/api/v1/session')).short_code
  assert.equal(shown.short_code, own, 'both read the same code, each on their own screen')
  const since = await school.audit.size()
  const wrong = await director.post(`/api/v1/staff/${invited.id}/certify`, { short_code: own.replace(/[0-9A-Z]/, (c) => (c === '7' ? '8' : '7')), reason: '当面核对' })
  assert.equal(`${wrong.status} ${wrong.code}`, '422 short_code_wrong')
  assert.ok((await school.audit.events({ since, outcome: 'refused' })).length === 1)
  assert.equal((await colleague.get('/api/v1/cases')).code, 'certification_needed')
  assert.equal((await director.ok('POST', `/api/v1/staff/${invited.id}/certify`, { short_code: own.toLowerCase(), reason: '当面核对' })).state, 'active')
  assert.equal((await colleague.get('/api/v1/cases')).code, 'pledge_needed')
  const [pledge] = (await colleague.ok('GET', '/api/v1/declarations/due')).items
  await colleague.ok('POST', `/api/v1/declarations/${pledge.id}/acknowledge`, {})
  assert.deepEqual((await colleague.ok('GET', '/api/v1/cases')).items, [])
  assert.equal((await director.post('/api/v1/staff', { username: 'mix', name: '两职', roles: ['administrator', 'counsellor'] })).code, 'roles_conflict')
})

test('set-up: the log that began with it is whole', async () => {
  const acts = (await school.audit.events()).map((each) => each.act)
  for (const act of ['setup.begun', 'setup.claimed', 'setup.room_made', 'staff.invited', 'password.set', 'totp.set', 'staff.certified', 'declaration.acknowledged']) assert.ok(acts.includes(act), act)
  const said = await school.audit.verify()
  assert.equal(said.status, 0)
  assert.equal(said.events, acts.length)
})
