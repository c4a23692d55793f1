// Periodic work over two server processes.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { onPostgres, top } from './harness.mjs'
import { takeOver } from './leases.mjs'

test('jobs: of two server processes one seals; kill -9, and the other takes over within the lease; heads never fork', { timeout: 600_000 }, async () => {
  if (onPostgres) return takeOver()
  await new Promise((done, failed) => {
    const child = execFile(join(top, 'script/with-postgres'), [process.execPath, join(top, 'tests/scenes/leases.mjs')], { cwd: top, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => (error ? failed(new Error(stdout + stderr)) : done()))
    child.stdout.pipe(process.stdout)
  })
})
