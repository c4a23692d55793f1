// Turns the server's OpenAPI document into src/schema.d.ts.
// Usage: npm run generate -- path/to/openapi.json
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isAbsolute, resolve } from 'node:path'
import { schemaText } from './schema.mjs'

const given = process.argv[2]
if (!given) {
  console.error('Give the path of an openapi.json: npm run generate -- ../openapi.json')
  process.exit(2)
}
const source = isAbsolute(given) ? given : resolve(process.env.INIT_CWD ?? process.cwd(), given)
const document = JSON.parse(await readFile(source, 'utf8'))
const target = fileURLToPath(new URL('../src/schema.d.ts', import.meta.url))
await writeFile(target, await schemaText(document))
console.log(`${target}: ${Object.keys(document.paths ?? {}).length} paths`)
