// The counting of script/test: a red test must never be lost on the way to the last line.
import test from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'xinyi-tally-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
const tally = (...args) => spawnSync('node', [join(top, 'script/tally.mjs'), ...args], { cwd: folder, encoding: 'utf8' })

test('tally reporter: parts, a parent that fails after its parts, a file that does not load', () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env  // else the inner runner reports to the outer one
  writeFileSync(join(folder, 'a.test.mjs'), `import test from 'node:test'
    test('SVC-2 whole', () => {})
    test('SVC-3 with parts', async (t) => { await t.test('good', () => {}); await t.test('bad', () => { throw new Error('x') }) })
    test('SVC-4 late', async (t) => { await t.test('good', () => {}); throw new Error('after its parts') })
    test.skip('SVC-5 skipped', () => {})`)
  writeFileSync(join(folder, 'b.test.mjs'), 'throw new Error("does not load")')
  const out = join(folder, 'out.tsv')
  const run = spawnSync('node', ['--test', `--test-reporter=${join(top, 'script/reporter.mjs')}`, `--test-reporter-destination=${out}`,
    join(folder, 'a.test.mjs'), join(folder, 'b.test.mjs')], { encoding: 'utf8', env })
  assert.notEqual(run.status, 0)
  const lines = readFileSync(out, 'utf8').trim().split('\n').sort()
  assert.deepEqual(lines.map((line) => line.replace(folder, '')), [
    'fail\t/b.test.mjs', 'fail\tSVC-3 with parts > bad', 'fail\tSVC-4 late', 'pass\tSVC-2 whole', 'pass\tSVC-3 with parts > good',
    'pass\tSVC-4 late > good', 'skip\tSVC-5 skipped'])
})
test('tally ctest: passed, failed, skipped by itself, not built', () => {
  writeFileSync(join(folder, 'ctest.xml'), `<testsuite tests="4">
    <testcase name="Slots.SVC_2_one_winner" classname="x" time="0.1" status="run"><system-out>ok</system-out></testcase>
    <testcase name="Slots.late" classname="x" time="0.1" status="fail"><failure message="Failed"/></testcase>
    <testcase name="Postgres.x" classname="x" time="0.1" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>
    <testcase name="xinyi_x_NOT_BUILT" classname="x" time="0" status="notrun"><skipped message="Unable to find executable"/></testcase>
  </testsuite>`)
  assert.equal(tally('ctest', 'ctest.xml').stdout, 'pass\tSlots.SVC_2_one_winner\nfail\tSlots.late\nskip\tPostgres.x\nfail\txinyi_x_NOT_BUILT\n')
})
test('tally vitest: a file that cannot be loaded is a failure', () => {
  writeFileSync(join(folder, 'v.json'), JSON.stringify({ testResults: [
    { name: 'a.test.ts', status: 'passed', assertionResults: [{ status: 'passed', fullName: 'keys open' }, { status: 'failed', fullName: 'keys shut' }] },
    { name: 'b.test.ts', status: 'failed', assertionResults: [] }] }))
  assert.equal(tally('vitest', 'v.json').stdout, 'pass\tkeys open\nfail\tkeys shut\nfail\tb.test.ts\n')
})
test('tally scenes: pass, fail beats pass, missing, an id that is no clause', () => {
  mkdirSync(join(folder, 'data/rulebook'), { recursive: true })
  mkdirSync(join(folder, 'build/results'), { recursive: true })
  writeFileSync(join(folder, 'data/rulebook/clauses.txt'), 'SVC-1\nSVC-2\nSVC-20\nCARE-1\n')
  const scenes = (text) => {
    writeFileSync(join(folder, 'build/results/x.tsv'), text)
    const run = tally('scenes')
    return [run.status, readFileSync(join(folder, 'build/scenes.tsv'), 'utf8')]
  }
  assert.deepEqual(scenes('pass\tSVC-2 a\nfail\tBoth/Booking.SVC_2_race/sqlite\npass\tCARE_1_unsafe\nskip\tSVC-1 later\npass\tabout SVC-1\npass\tUTF_8_text\n'),
    [0, 'SVC-1\tmissing\t\nSVC-2\tfail\tBoth/Booking.SVC_2_race/sqlite\nSVC-20\tmissing\t\nCARE-1\tpass\tCARE_1_unsafe\n'])
  assert.equal(scenes('pass\tSVC-99 nothing\n')[0], 1)
})
