// Both languages must say the same things: same areas, same keys, same placeholders, nothing empty.
import { readFile, readdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../apps/', import.meta.url))
const faults = []
const flatten = (value, at = '') =>
  Object.entries(value).flatMap(([key, each]) => (typeof each === 'object' ? flatten(each, `${at}${key}.`) : [[at + key, each]]))
const holes = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]))].sort().join()

async function sources(folder) {
  const out = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && /\.(vue|ts)$/.test(entry.name)) out.push(await readFile(join(entry.parentPath, entry.name), 'utf8'))
  }
  return out.join('\n')
}

for (const app of await readdir(root)) {
  const home = join(root, app, 'src')
  const known = new Set()
  for (const area of await readdir(home, { withFileTypes: true })) {
    const folder = join(home, area.name, 'lang')
    if (!area.isDirectory() || !existsSync(folder)) continue
    const load = async (locale) => new Map(flatten(JSON.parse(await readFile(join(folder, `${locale}.json`), 'utf8'))))
    const [zh, en] = await Promise.all([load('zh-CN'), load('en')])
    for (const [one, other, name] of [[zh, en, 'en'], [en, zh, 'zh-CN']]) {
      for (const [key, text] of one) {
        const twin = other.get(key)
        if (twin === undefined) faults.push(`${app}/${area.name}: ${key} is missing in ${name}`)
        else if (holes(text) !== holes(twin)) faults.push(`${app}/${area.name}: ${key} has other placeholders in ${name}`)
        if (text.trim() === '') faults.push(`${app}/${area.name}: ${key} is empty`)
      }
    }
    for (const key of zh.keys()) known.add(`${area.name}.${key}`)
  }
  const code = await sources(home)
  for (const [, key] of code.matchAll(/\bt\(\s*'([\w.-]+)'/g)) {
    if (!known.has(key)) faults.push(`${app}: ${key} is used and has no text`)
  }
}
for (const fault of faults) console.error(fault)
if (faults.length === 0) console.log('languages: zh-CN and en agree')
process.exit(faults.length ? 1 : 0)
