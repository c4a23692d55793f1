// The schema: every column has its level of secrecy, and a released step never changes.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const steps = /^src\/.*\/migrations\/[^/]+\.sql$/
const golden = 'tests/golden/migrations.txt'
const levels = /--\s*(plain|protected|sealed|keyed|key)\b/
const no_column = /^(PRIMARY|UNIQUE|CHECK|FOREIGN|CONSTRAINT|EXCLUDE|REFERENCES|ON|AND|OR|DEFERRABLE|MATCH)\b/i

/// The column lines of a step: [line number, text]. Every column stands on a line of its own.
function columns(lines) {
  const found = []
  let depth = 0
  let begun = false
  lines.forEach((line, at) => {
    const bare = line.replace(/--.*$/, '').replace(/'(?:[^']|'')*'/g, "''")
    const alter = /^\s*ALTER\s+TABLE\s+\S+\s+ADD\s+(?:COLUMN\s+)?(?!CONSTRAINT\b|CHECK\b|UNIQUE\b|FOREIGN\b|EXCLUDE\b)\w+\s+\w+/i.test(bare)
    if (alter) found.push([at + 1, line])
    if (/^\s*CREATE\s+(?:TEMP(?:ORARY)?\s+|UNLOGGED\s+)?TABLE\b/i.test(bare)) {
      begun = true
      depth = 0
    }
    if (begun && depth === 1 && /^\s*[a-z_"]+\s+[A-Za-z]/i.test(bare) && !no_column.test(bare.trim())) found.push([at + 1, line])
    // Also a column on the line of CREATE TABLE itself.
    if (begun && depth === 0 && /\(\s*\w+\s+\w+/.test(bare)) found.push([at + 1, line])
    if (begun) {
      for (const c of bare) depth += c === '(' ? 1 : c === ')' ? -1 : 0
      if (depth === 0 && bare.includes(')')) begun = false
    }
  })
  return found
}

export const secrecy = {
  name: 'secrecy',
  reason: 'Whoever adds a column decides who may read it from a stolen copy; a column without a level is a decision nobody made.',
  find(tree) {
    return tree.matching(steps).flatMap((file) =>
      columns(tree.lines(file)).flatMap(([at, line]) =>
        levels.test(line) ? [] : [`${file}:${at}: the column's line does not end with a level: -- plain, protected, sealed, keyed or key`]))
  },
}

const digest = (tree, file) => createHash('sha256').update(tree.text(file)).digest('hex')
function released(tree) {
  if (!tree.has(golden)) return new Map()
  return new Map(tree.lines(golden).filter((line) => line && !line.startsWith('#')).map((line) => line.split(/\s+/).reverse()))
}

export const migrations = {
  name: 'migrations',
  reason: 'A school that ran a step yesterday must have the same tables as one that runs it today: released steps never change, new ones follow without a gap.',
  find(tree) {
    const faults = []
    const rooms = new Map()
    for (const file of tree.matching(/^src\/.*\/migrations\//)) {
      const hit = /^(.*\/migrations)\/(\d{4})_[a-z0-9_]+\.sql$/.exec(file)
      if (!hit) {
        faults.push(`${file}: steps are called NNNN_name.sql`)
        continue
      }
      rooms.set(hit[1], [...(rooms.get(hit[1]) ?? []), [Number(hit[2]), file]])
    }
    for (const list of rooms.values()) {
      list.sort(([a], [b]) => a - b)
      list.forEach(([number, file], at) => {
        if (number !== at + 1) faults.push(`${file}: the next number is ${String(at + 1).padStart(4, '0')}`)
      })
    }
    const present = new Set(tree.matching(steps))
    for (const [file, sum] of released(tree)) {
      if (!present.has(file)) faults.push(`${file}: released, and missing now`)
      else if (digest(tree, file) !== sum) faults.push(`${file}: changed after its release; write a new step instead`)
    }
    return faults
  },
}

/// Appends what is not listed yet; never rewrites a line.
export function bless(tree) {
  const known = released(tree)
  const faults = migrations.find(tree)
  if (faults.length) {
    console.error(faults.join('\n'))
    process.exit(1)
  }
  const fresh = tree.matching(steps).filter((file) => !known.has(file))
  mkdirSync(join(tree.root, 'tests/golden'), { recursive: true })
  const before = tree.has(golden) ? tree.text(golden) : '# SHA-256 of every released migration. Lines are only ever added, by script/lint --bless at a release.\n'
  writeFileSync(join(tree.root, golden), before + fresh.map((file) => `${digest(tree, file)} ${file}\n`).join(''))
  return `${fresh.length} new migrations listed, ${known.size} were there`
}
