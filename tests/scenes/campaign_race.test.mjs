// SVC-2 under a crowd, on both engines. Short here; script/assure gives the long run.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { race } from './campaign_race.mjs'
import { onPostgres, top } from './harness.mjs'

const timeout = 3_600_000
test('SVC-2 a crowd wants one slot, many clients want many: no slot and no person twice, replies and database agree', { timeout }, race)

test('SVC-2 the same on PostgreSQL, two server processes over one database', { timeout, skip: onPostgres && 'runs on PostgreSQL already' }, async () => {
  await new Promise((done, failed) => {
    const child = execFile(join(top, 'script/with-postgres'), [process.execPath, join(top, 'tests/scenes/campaign_race.mjs')], { cwd: top, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => (error ? failed(new Error(stdout + stderr)) : done()))
    child.stdout.pipe(process.stdout)
  })
})
