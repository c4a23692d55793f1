// The worked example of CONTRIBUTING.md is code: it is taken from the page, put into a copy of src/ and compiled.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'xinyi-example-'))
test.after(() => rmSync(copy, { recursive: true, force: true }))

cpSync(join(top, 'src'), join(copy, 'src'), { recursive: true })
const made = []
const page = readFileSync(join(top, 'CONTRIBUTING.md'), 'utf8')
for (const [, how, file, text] of page.matchAll(/<!-- (file|append): (\S+) -->\n```[a-z]*\n([\s\S]*?)```/g)) {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  if (how === 'append') appendFileSync(join(copy, file), text)
  else {
    writeFileSync(join(copy, file), text)
    made.push(file)
  }
}
const compile = (file) =>
  spawnSync('g++', ['-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Wshadow', '-Werror=return-type', '-I', join(copy, 'src'), join(copy, file)], { encoding: 'utf8' })

test('example: the page holds every part of a room', () => {
  assert.deepEqual(made.map((file) => file.replace('src/features/books/', '')), ['model.hpp', 'rules.hpp', 'rules.cpp', 'rules_test.cpp',
    'migrations/0001_books.sql', 'store.hpp', 'store.cpp', 'books.hpp', 'api.cpp'])
})
for (const file of made.filter((name) => name.endsWith('.cpp'))) {
  test(`example: ${file} compiles against the real headers`, () => {
    const run = compile(file)
    assert.equal(run.status, 0, run.stderr.slice(0, 4000))
  })
}
test('example: its rules test passes', () => {
  const program = join(copy, 'rules_test')
  execFileSync('g++', ['-std=c++20', '-I', join(copy, 'src'), join(copy, 'src/features/books/rules.cpp'), join(copy, 'src/features/books/rules_test.cpp'),
    '-o', program, '-lgtest', '-lgtest_main', '-pthread'])
  assert.match(execFileSync(program).toString(), /PASSED {2}\] 1 test/)
})
test('example: it keeps the rules of the house', () => {
  execFileSync('git', ['init', '-q'], { cwd: copy })
  const run = spawnSync('node', [join(top, 'script/checks/run.mjs'), '--root', copy, 'arrows', 'namespaces', 'secrecy', 'migrations', 'sql', 'languages'], { encoding: 'utf8', env: { ...process.env, RESULTS: '' } })
  assert.ok(!run.stdout.includes('books'), run.stdout)
})
test('example: a slip in it is noticed', () => {
  const file = 'src/features/books/store.cpp'
  writeFileSync(join(copy, file), readFileSync(join(copy, file), 'utf8').replace('"INSERT INTO books', 'std::string("x") + "INSERT INTO books'))
  assert.notEqual(compile(file).status, 0, 'a statement that is pasted together must not compile')
})
