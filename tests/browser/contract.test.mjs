// The screens' types are those of this program, not of an older one.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { program, top } from '../scenes/harness.mjs'
import { schemaText } from '../../ui/packages/api/scripts/schema.mjs'

test('the generated types are those of the program’s document; otherwise: npm run generate', async () => {
  const { stdout } = await promisify(execFile)(await program(), ['openapi'], { maxBuffer: 16 << 20 })
  const kept = fs.readFileSync(join(top, 'ui/packages/api/src/schema.d.ts'), 'utf8')
  assert.ok((await schemaText(JSON.parse(stdout))) === kept, 'ui/packages/api/src/schema.d.ts is not what the program says')
})
