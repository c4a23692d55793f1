// Reads what the test programs wrote and turns it into lines "pass|fail|skip<TAB>name".
//   tally.mjs ctest IN.xml        tally.mjs vitest IN.json        -> such lines on standard output
//   tally.mjs scenes              build/results/*.tsv -> build/scenes.tsv: "ID<TAB>pass|fail|missing<TAB>tests"
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs'

const [kind, input] = process.argv.slice(2)
const plain = (text) =>
  text.replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').replace(/[\t\n]+/g, ' ')

if (kind === 'ctest') {
  for (const [, head, body = ''] of readFileSync(input, 'utf8').matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const of = (key) => plain(new RegExp(`(?:^|\\s)${key}="([^"]*)"`).exec(head)?.[1] ?? '')
    const status = of('status')
    // A program that was not built is "notrun" as well; only a test that skipped itself may be a skip.
    const skipped = (status === 'notrun' || status === 'disabled') && /SKIP/.test(body) && !/_NOT_BUILT$/.test(of('name'))
    console.log(`${status === 'run' ? 'pass' : skipped ? 'skip' : 'fail'}\t${of('name')}`)
  }
} else if (kind === 'vitest') {
  for (const file of JSON.parse(readFileSync(input, 'utf8')).testResults) {
    // A file that cannot be loaded has no tests and says so only here.
    if (file.status === 'failed' && file.assertionResults.length === 0) console.log(`fail\t${file.name}`)
    for (const { status, fullName } of file.assertionResults) {
      console.log(`${status === 'passed' ? 'pass' : status === 'failed' ? 'fail' : 'skip'}\t${plain(fullName)}`)
    }
  }
} else if (kind === 'scenes') {
  const ids = readFileSync('data/rulebook/clauses.txt', 'utf8').split('\n').filter(Boolean)
  const found = new Map(ids.map((id) => [id, []]))
  const families = new Set(ids.map((id) => id.split('-')[0]))
  const unknown = new Set()
  for (const file of existsSync('build/results') ? readdirSync('build/results').filter((name) => name.endsWith('.tsv')).sort() : []) {
    for (const line of readFileSync(`build/results/${file}`, 'utf8').split('\n').filter(Boolean)) {
      const [outcome, name] = line.split('\t')
      // "SVC-2 one winner", "SVC_2_one_winner", or such a name behind a suite's: "Booking.SVC_2_one_winner".
      const hit = /^(?:[A-Za-z0-9_/]+[./])?([A-Z]{3,4})[-_](\d{1,2})(?![0-9A-Za-z])/.exec(name)
      if (!hit) continue
      const id = `${hit[1]}-${hit[2]}`
      if (!families.has(hit[1])) continue
      if (!found.has(id)) unknown.add(id)
      else if (outcome !== 'skip') found.get(id).push([outcome, name])
    }
  }
  const rows = ids.map((id) => {
    const tests = found.get(id)
    const bad = tests.filter(([outcome]) => outcome === 'fail')
    const shown = (bad.length ? bad : tests).map(([, name]) => name).join('; ')
    return `${id}\t${bad.length ? 'fail' : tests.length ? 'pass' : 'missing'}\t${shown}\n`
  })
  writeFileSync('build/scenes.tsv', rows.join(''))
  const count = (what) => rows.filter((row) => row.split('\t')[1] === what).length
  console.log(`scenes: ${count('pass')} pass, ${count('fail')} fail, ${count('missing')} missing`)
  for (const id of unknown) console.error(`a test names ${id}, which is no clause`)
  process.exit(unknown.size ? 1 : 0)
} else {
  console.error('usage: tally.mjs ctest|vitest FILE, or tally.mjs scenes')
  process.exit(2)
}
