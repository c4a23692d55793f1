// Behind a TLS proxy every client has the proxy's address. The operator may name the proxy; then each is slowed down for
// their own guesses, and nobody talks their way out of it by a header.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { demoSchool, program } from './harness.mjs'

const school = await demoSchool({ clock: true, serving: ['--trusted-proxy', '127.0.0.7,127.0.0.8'] })
test.after(() => school.remove())

const guess = async (username, { from, forwarded }) => {
  const client = school.client({ from })
  const answer = await client.post('/api/v1/session', { username, password: 'not the password' }, { headers: forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded } })
  client.close()
  return answer.code
}
/** Answers of `count` guesses in a row. */
const guesses = async (username, count, where) => {
  const codes = []
  for (let n = 0; n < count; n += 1) codes.push(await guess(username, where(n)))
  return codes
}
const slowed = ['sign_in_failed', 'sign_in_failed', 'sign_in_failed', 'sign_in_failed', 'sign_in_failed', 'slow_down']

test('proxy: behind the named one, the slow-down counts for each client', async () => {
  const one = { from: '127.0.0.7', forwarded: '10.0.0.1' }
  assert.deepEqual(await guesses('archivist', 6, () => one), slowed)
  assert.equal(await guess('archivist', { from: '127.0.0.7', forwarded: '10.0.0.2' }), 'sign_in_failed', 'the next desk is not slowed down for it')
  assert.equal(await guess('archivist', { from: '127.0.0.8', forwarded: '10.0.0.1' }), 'slow_down', 'another proxy, the same client')
  assert.equal(await guess('archivist', { from: '127.0.0.8', forwarded: '10.0.0.1, 127.0.0.7' }), 'slow_down', 'through both')
})

test('proxy: what a client wrote into the header itself does not count', async () => {
  assert.deepEqual(await guesses('principal', 6, (n) => ({ from: '127.0.0.7', forwarded: `192.0.2.${n}, 10.0.0.3` })), slowed)
})

test('proxy: a header that says nothing usable counts for the proxy', async () => {
  const headers = ['unknown', '10.0.0.4:80', '', '10.0.0.4, rubbish', '127.0.0.8']
  assert.deepEqual(await guesses('homeroom', 6, (n) => ({ from: '127.0.0.7', forwarded: headers[n] })), slowed)
})

test('proxy: from any other peer the header changes nothing', async () => {
  assert.deepEqual(await guesses('deputy', 6, (n) => ({ from: '127.0.0.9', forwarded: `192.0.2.${n}` })), slowed)
  assert.deepEqual(await guesses('trainee', 6, (n) => ({ from: '127.0.0.9', forwarded: `192.0.2.${n}, 127.0.0.7` })), slowed)
})

test('proxy: named by the environment and by the configuration file too; what is no address is refused with a sentence', async () => {
  const run = async (args, more = {}) => {
    const file = await program()
    return new Promise((resolve) => execFile(file, ['serve', '--data', school.data, ...args], { env: { ...process.env, ...more }, timeout: 20_000 },
      (error, stdout, stderr) => resolve(`${error?.code} ${stderr}`)))
  }
  const config = join(school.folder, 'xinyi.toml')
  fs.writeFileSync(config, 'trusted-proxy = ["127.0.0.1", "the-proxy"]\n')
  for (const said of [await run(['--trusted-proxy', '127.0.0.1,10.0.0.0/8']), await run([], { XINYI_TRUSTED_PROXY: '127.0.0.1,localhost' }), await run(['--config', config])])
    assert.match(said, /^1 .*--trusted-proxy wants addresses/)
})
