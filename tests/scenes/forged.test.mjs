// Somebody can write to the database – its administrator, whoever put an older copy back – and wants to sign in. Whatever
// they edit, the row counts as no account, and the doctor says so.
import test from 'node:test'
import assert from 'node:assert/strict'
import { demoSchool, onPostgres } from './harness.mjs'

const school = await demoSchool({ clock: true })
test.after(() => school.remove())
const blob = (hex) => (onPostgres ? `'\\x${hex}'::bytea` : `x'${hex}'`)
const some = blob('00112233445566778899aabbccddeeff')
const victim = 'reception'
const doctor = async () => {
  const said = await school.cli(['doctor', '--json'])
  const { ok } = JSON.parse(said.stdout).checks.find((each) => each.id === 'accounts')
  if (!ok) assert.equal(said.status, 1)
  return ok
}
/** Tries that fail slow the account down: the next hour begins anew. */
const tryIn = async (username, more = {}) => {
  school.moveClock(3700)
  return (await school.signIn(username, more)).answer
}

// Every column of the row; the verifier is that of a child whose password the intruder knows.
const of = (column, username = 'student') => `(SELECT o.${column} FROM accounts o WHERE o.username = '${username}')`
const edits = {
  username: "username = 'reception2'", name: "name = '某人'", gender: "gender = 'male'", roles: "roles = 'director'", state: "state = 'invited'",
  salt: `salt = ${some}`, cost: "cost = '64x3'", 'verifier and salt': `verifier = ${of('verifier')}, salt = ${of('salt')}, cost = ${of('cost')}`,
  'another row’s authenticator': `mac = ${of('mac')}`, 'no verifier': 'verifier = NULL', totp: `totp = ${of('totp', 'archivist')}`, 'no totp': 'totp = NULL',
  totp_confirmed: 'totp_confirmed = 0', totp_last_step: 'totp_last_step = 0', totp_ahead_step: 'totp_ahead_step = 1', start_verifier: `start_verifier = ${some}`,
  start_expires_at: 'start_expires_at = 9000000000000000', role_stamp: 'role_stamp = role_stamp + 1', version: 'version = version + 1',
  created_at: 'created_at = 1', mac: `mac = ${some}`, 'no mac': 'mac = NULL', 'an empty mac': `mac = ${blob('')}`,
}

test('forged: no edit of an account row lets anybody in; put back, it is an account again', async () => {
  const columns = ['username', 'name', 'gender', 'roles', 'state', 'salt', 'cost', 'verifier', 'totp', 'totp_confirmed', 'totp_last_step', 'totp_ahead_step',
    'start_verifier', 'start_expires_at', 'role_stamp', 'version', 'created_at', 'mac']
  for (const [what, set] of Object.entries(edits)) {
    school.moveClock(3700)
    const { client, answer } = await school.signIn(victim)
    assert.equal(answer.status, 200, `${what}: before`)
    await school.storage.tamper(`CREATE TABLE kept AS SELECT * FROM accounts WHERE username = '${victim}'`)
    await school.storage.tamper(`UPDATE accounts SET ${set} WHERE username = '${victim}'`)
    assert.equal((await client.get('/api/v1/session')).code, 'session_ended', `${what}: the session`)
    client.close()
    for (const username of what === 'username' ? [victim, 'reception2'] : [victim]) {
      const tried = await tryIn(username)
      assert.equal(`${tried.status} ${tried.code}`, '401 sign_in_failed', `${what}: signing in`)
    }
    assert.equal(await doctor(), false, what)
    await school.storage.tamper(`UPDATE accounts SET ${columns.map((each) => `${each} = (SELECT k.${each} FROM kept k)`).join(', ')} WHERE person_id = (SELECT k.person_id FROM kept k)`)
    await school.storage.tamper('DROP TABLE kept')
  }
  assert.match(school.log, /account_not_believed/)
  assert.equal(await doctor(), true)
  assert.equal((await tryIn(victim)).status, 200, 'control: the same row, unedited')
})

test('forged: an account that the program did not make is none, and no list shows it', async () => {
  await school.storage.tamper(`CREATE TABLE kept AS SELECT * FROM accounts WHERE username = 'director'`)
  await school.storage.tamper(`UPDATE kept SET person_id = ${blob('0199'.repeat(8))}, username = 'intruder', totp_confirmed = 0, totp = NULL, verifier = ${of('verifier')}, salt = ${of('salt')}, cost = ${of('cost')}`)
  await school.storage.tamper('INSERT INTO accounts SELECT * FROM kept')
  const tried = await school.client().post('/api/v1/session', { username: 'intruder', password: school.password })
  assert.equal(`${tried.status} ${tried.code}`, '401 sign_in_failed')
  const director = await school.as('director')
  assert.ok((await director.ok('GET', '/api/v1/staff')).items.every((each) => each.username !== 'intruder'))
  const health = (await director.ok('GET', '/api/v1/system/doctor')).items.find((each) => each.id === 'accounts')
  assert.equal(health.ok, false)
  await school.storage.tamper("DELETE FROM accounts WHERE username = 'intruder'")
  await school.storage.tamper('DROP TABLE kept')
  assert.equal(await doctor(), true)
})

test('forged: an emptied column gets no new authenticator at the next start', async () => {
  await school.offline(() => school.storage.tamper(`UPDATE accounts SET mac = NULL, roles = 'director' WHERE username = '${victim}'`))
  const tried = await tryIn(victim)
  assert.equal(`${tried.status} ${tried.code}`, '401 sign_in_failed')
  assert.equal(await doctor(), false)
})

test('forged: nobody puts a second factor on the sign-in page', async () => {
  const [{ person }] = await school.storage.rows("SELECT hex(person_id) AS person FROM accounts WHERE username = 'homeroom'")
  const shown = (await school.client().get('/api/v1/demo')).json.accounts
  await school.storage.tamper("DELETE FROM demo_accounts WHERE position = 0")
  await school.storage.tamper(`INSERT INTO demo_accounts (school_id, position, person_id) SELECT school_id, 0, ${blob(person.toLowerCase())} FROM demo_accounts WHERE position = 1`)
  const now = (await school.client().get('/api/v1/demo')).json.accounts
  assert.deepEqual(now.map((each) => each.username), shown.slice(1).map((each) => each.username).filter((each) => each !== victim))
})

test('forged: a session is not given longer life, nor the second factor it never showed', async () => {
  const { client } = await school.signIn('archivist')
  const cookie = client.cookie  // a refused one is cleared
  const answer = async () => {
    client.cookie = cookie
    return client.get('/api/v1/session')
  }
  assert.equal((await answer()).status, 200)
  await school.storage.tamper('UPDATE sessions SET ends_at = ends_at + 1')
  assert.equal((await answer()).code, 'session_ended')
  await school.storage.tamper('UPDATE sessions SET ends_at = ends_at - 1')
  assert.equal((await answer()).status, 200, 'control: as it was')
  await school.storage.tamper('UPDATE sessions SET totp_done = 1 - totp_done')
  assert.equal((await answer()).code, 'session_ended')
})
