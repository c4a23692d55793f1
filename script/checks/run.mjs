// Runs the checks. A check is { name, reason, find(tree) -> faults }.
import { appendFileSync } from 'node:fs'
import { Tree } from './tree.mjs'
import { all } from './all.mjs'
import { bless } from './migrations.mjs'

const usage = 'usage: lint [--root DIR] [--routes FILE] [--list | --bless | NAME ...]'
const options = { root: process.cwd() }
const names = []
for (let args = process.argv.slice(2); args.length; ) {
  const word = args.shift()
  if (word === '--root') options.root = args.shift()
  else if (word === '--routes') options.routes = args.shift()
  else if (word === '--list') options.list = true
  else if (word === '--bless') options.bless = true
  else if (word.startsWith('-') || !all.some((check) => check.name === word)) {
    console.error(`${word} is no check. ${usage}`)
    process.exit(2)
  } else names.push(word)
}
if (options.list) {
  for (const { name, reason } of all) console.log(`${name.padEnd(12)} ${reason}`)
  process.exit(0)
}

const tree = new Tree(options.root, options)
if (options.bless) {
  console.log(bless(tree))
  process.exit(0)
}
let bad = 0
for (const { name, reason, find } of all) {
  if (names.length && !names.includes(name)) continue
  const faults = await find(tree)
  if (process.env.RESULTS) appendFileSync(process.env.RESULTS, `${faults.length ? 'fail' : 'pass'}\tlint ${name}\n`)
  if (faults.length === 0) {
    console.log(`ok    ${name}`)
    continue
  }
  bad++
  console.log(`FAIL  ${name}: ${faults.length} fault${faults.length > 1 ? 's' : ''}. Why the rule stands: ${reason}`)
  for (const fault of faults.slice(0, 40)) console.log(`      ${fault}`)
  if (faults.length > 40) console.log(`      and ${faults.length - 40} more`)
}
process.exit(bad ? 1 : 0)
