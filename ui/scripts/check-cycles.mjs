// No file may import itself through others, and packages know nothing of the apps.
import { readFile, readdir } from 'node:fs/promises'
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const entries = {
  '@xinyi/api': 'packages/api/src/index.ts', '@xinyi/kit': 'packages/kit/src/index.ts',
  '@xinyi/kit/setup': 'packages/kit/src/setup/index.ts', '@xinyi/kit/qr': 'packages/kit/src/qr/QrCode.vue',
}
const longest = 600
const graph = new Map()
const faults = []

function find(from, name) {
  if (entries[name]) return join(root, entries[name])
  if (!name.startsWith('.')) return undefined
  const base = resolve(dirname(from), name)
  for (const each of [base, `${base}.ts`, `${base}.vue`, join(base, 'index.ts')]) {
    if (existsSync(each) && statSync(each).isFile()) return each
  }
  return undefined
}

for (const part of ['packages', 'apps']) {
  for (const entry of await readdir(join(root, part), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.(ts|vue|css|json|mjs)$/.test(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    if (file.includes('node_modules') || file.endsWith('schema.d.ts')) continue
    const text = await readFile(file, 'utf8')
    const lines = text.split('\n').length
    if (lines > longest) faults.push(`${relative(root, file)} has ${lines} lines; ${longest} is the limit`)
    if (!/\.(ts|vue)$/.test(entry.name)) continue
    // A page loaded on demand by the router is no cycle: only imports that run at once count.
    const names = [...text.matchAll(/^\s*(?:import|export)\b(?!\s+type)[^'"\n]*?(?:\n[^'"]*?)??['"]([^'"]+)['"]/gm)].map((hit) => hit[1])
    graph.set(file, names.map((name) => find(file, name)).filter(Boolean))
    if (part === 'packages' && /from '@xinyi\/(office|portal)/.test(text)) faults.push(`${relative(root, file)} imports an app`)
  }
}

const done = new Set()
function walk(file, path) {
  const at = path.indexOf(file)
  if (at >= 0) {
    faults.push(`circle: ${[...path.slice(at), file].map((each) => relative(root, each)).join(' → ')}`)
    return
  }
  if (done.has(file)) return
  for (const next of graph.get(file) ?? []) walk(next, [...path, file])
  done.add(file)
}
for (const file of graph.keys()) walk(file, [])
for (const fault of faults) console.error(fault)
if (faults.length === 0) console.log(`imports: ${graph.size} files, no circle`)
process.exit(faults.length ? 1 : 0)
