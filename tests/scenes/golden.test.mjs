// Databases of earlier schemas are kept for ever: today's program brings each up to date, finds its log whole, and lets
// its people sign in.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { program, top } from './harness.mjs'

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
}
