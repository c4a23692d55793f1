// Databases of earlier schemas are kept for ever: today's program brings each up to date, finds its log whole, and lets
// its people sign in.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { School, onPostgres, program, top } from './harness.mjs'

const golden = join(top, 'tests/golden')
const kept = fs.readdirSync(golden).filter((name) => name.startsWith('schema-'))

/** The folder as it was, with the rights that git does not keep. */
function unpack(name) {
  const room = fs.mkdtempSync(join(os.tmpdir(), 'xinyi-golden-'))
  for (const part of ['data', 'data.secrets']) fs.mkdirSync(join(room, part), { mode: 0o700 })
  fs.writeFileSync(join(room, 'data/xinyi.db'), gunzipSync(fs.readFileSync(join(golden, name, 'xinyi.db.gz'))), { mode: 0o600 })
  for (const file of fs.readdirSync(join(golden, name, 'secrets')))
    fs.writeFileSync(join(room, 'data.secrets', file), fs.readFileSync(join(golden, name, 'secrets', file)), { mode: 0o600 })
  fs.copyFileSync(join(golden, name, 'heads'), join(room, 'data.heads'))
  return room
}

test('a database of every schema since the first is kept', () => assert.ok(kept.length > 0))

for (const name of kept) {
  test(`golden database ${name}: brought up to date, log whole against its old head, readable`, async () => {
    const room = unpack(name)
    const exe = await program()
    const run = (...words) => execFileSync(exe, [...words, '--data', join(room, 'data')], { encoding: 'utf8' })
    run('migrate')
    assert.equal(JSON.parse(run('audit', 'verify', '--json')).sound, true)
    assert.equal(JSON.parse(run('doctor', '--json')).checks.find((c) => c.id === 'storage').ok, true)
    fs.rmSync(room, { recursive: true })
  })

  test(`golden database ${name}: its people sign in; their rows got authenticators once, and never again`, { skip: onPostgres && 'the kept databases are SQLite' }, async () => {
    const school = new School({ folder: unpack(name) })
    const accounts = async () => JSON.parse((await school.cli(['doctor', '--json'])).stdout).checks.find((each) => each.id === 'accounts').ok
    const signIn = async () => (await school.client().post('/api/v1/session', { username: 'student', password: 'xinyi-demo-2026' })).status
    try {
      const [before] = await school.storage.rows("SELECT hex(wrapped) AS wrapped FROM server_keys WHERE name = 'data'")
      await school.serve()
      assert.equal(await signIn(), 200)
      assert.equal(await accounts(), true)
      // Everything it said once, it says no second time.
      await school.offline(() => school.storage.tamper("UPDATE accounts SET mac = NULL WHERE username = 'student'"))
      assert.equal(await signIn(), 401)
      assert.equal(await accounts(), false)
      await school.stop()
      // Whoever also kept the old wrapping of the data key, and puts it back, is noticed outside of the database.
      const [after] = await school.storage.rows("SELECT hex(wrapped) AS wrapped FROM server_keys WHERE name = 'data'")
      if (before.wrapped === after.wrapped) return  // a schema that was born with authenticators
      await school.storage.tamper(`UPDATE server_keys SET wrapped = x'${before.wrapped}' WHERE name = 'data'`)
      const refused = await school.cli(['doctor'])
      assert.equal(refused.status, 1)
      assert.match(refused.stderr, /carry no authenticators.*rows\.pin/)
    } finally {
      await school.remove()
    }
  })
}
