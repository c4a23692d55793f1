// Every rule of script/lint is broken once in a copy of the tree and has to see it: a check that cannot fail is no check.
import test from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync, execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'xinyi-lint-'))
test.after(() => rmSync(copy, { recursive: true, force: true }))

// The tree as git sees it, without what another check may have planted.
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: top }).toString().split('\0').filter(Boolean)
function fresh() {
  rmSync(copy, { recursive: true, force: true })
  for (const file of files) {
    if (/^ui\/apps|^tests\/data|\.zip$/.test(file)) continue
    try {
      cpSync(join(top, file), join(copy, file))
    } catch (error) {
      if (error.code !== 'ENOENT') throw error  // somebody removed it meanwhile
    }
  }
  execFileSync('git', ['init', '-q'], { cwd: copy })
}
fresh()

const put = (file, text) => {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  writeFileSync(join(copy, file), text)
}
const lint = (...args) => {
  const { stdout, stderr, status } = spawnSync('node', [join(top, 'script/checks/run.mjs'), '--root', copy, ...args], { encoding: 'utf8', env: { ...process.env, RESULTS: '' } })
  return { text: stdout + stderr, status }
}
/// Plants a file, expects the check to name it with `saying`, takes it away and expects that it is silent about it.
function breaks(check, file, text, saying, ...args) {
  put(file, text)
  const red = lint(check, ...args)
  assert.equal(red.status, 1, red.text)
  const line = red.text.split('\n').find((each) => each.includes(file) && each.includes(saying))
  assert.ok(line, `${check} did not say "${saying}" of ${file}:\n${red.text}`)
  rmSync(join(copy, file))
  assert.ok(!lint(check, ...args).text.includes(file), `${check} still names ${file}`)
}

test('lint arrows: an include against the arrows', () => {
  breaks('arrows', 'src/kernel/planted.cpp', '#include "vault/vault.hpp"\n', 'no arrow from kernel to vault')
  breaks('arrows', 'src/features/cases/planted.hpp', '#pragma once\n#include "app/main.hpp"\n', 'no arrow from features/cases to app')
  breaks('arrows', 'src/kernel/planted.cpp', '#include "text.hpp"\n', 'does not begin with a room')
  breaks('arrows', 'src/nowhere/planted.cpp', 'int x;\n', 'not in src/arrows.txt')
})
test('lint arrows: a circle in arrows.txt', () => {
  const before = readFileSync(join(copy, 'src/arrows.txt'), 'utf8')
  put('src/arrows.txt', before.replace(/^crypto: kernel$/m, 'crypto: kernel audit'))
  const red = lint('arrows')
  put('src/arrows.txt', before)
  assert.match(red.text, /crypto uses audit, which does not stand above it/)
})
test('lint namespaces: a foreign namespace, and none', () => {
  breaks('namespaces', 'src/vault/planted.cpp', 'namespace xinyi::audit {\nint x;\n}\n', 'opens xinyi::audit, but the folder is vault')
  breaks('namespaces', 'src/vault/planted.hpp', '#pragma once\nint planted();\n', 'opens no namespace')
})
test('lint engines: a library from outside in the wrong room', () => {
  breaks('engines', 'src/features/cases/planted.cpp', '#include <sqlite3.h>\n', '<sqlite3.h> in features/cases')
  breaks('engines', 'src/features/cases/planted.cpp', '#include <pango/pangocairo.h>\n', '<pango/pangocairo.h> in features/cases')
  breaks('engines', 'src/features/people/planted.cpp', '#include <sodium.h>\n', '<sodium.h> in features/people')
  breaks('engines', 'src/vault/planted.cpp', '#include <boost/asio.hpp>\n', 'in vault')
})
test('lint length: 601 lines', () => {
  breaks('length', 'ui/packages/kit/src/planted.ts', 'export {}\n'.repeat(601), '601 lines')
  put('ui/packages/kit/src/planted.ts', 'export {}\n'.repeat(600))
  assert.ok(!lint('length').text.includes('planted.ts'))
  rmSync(join(copy, 'ui/packages/kit/src/planted.ts'))
})
test('lint secrecy: a column without a level', () => {
  const file = 'src/audit/migrations/0099_planted.sql'
  breaks('secrecy', file, 'CREATE TABLE planted (\n  id BLOB NOT NULL, -- plain: id\n  story TEXT NOT NULL, -- what happened\n  PRIMARY KEY (id)\n) STRICT;\n', '99_planted.sql:3')
  breaks('secrecy', file, 'ALTER TABLE heads ADD COLUMN story TEXT;\n', '99_planted.sql:1')
  breaks('secrecy', file, 'CREATE TABLE planted (id BLOB, story TEXT);\n', '99_planted.sql:1')
})
test('lint migrations: a gap, a wrong name, a released step that changed', () => {
  breaks('migrations', 'src/audit/migrations/0099_planted.sql', '-- nothing\n', 'the next number is')
  breaks('migrations', 'src/audit/migrations/planted.sql', '-- nothing\n', 'NNNN_name.sql')
  assert.equal(lint('--bless').status, 0)
  assert.equal(lint('migrations').status, 0)
  appendFileSync(join(copy, 'src/audit/migrations/0001_audit.sql'), '-- a later thought\n')
  assert.match(lint('migrations').text, /0001_audit\.sql: changed after its release/)
  assert.notEqual(lint('--bless').status, 0, 'blessing must not accept a changed step')
  fresh()
})
test('lint sql: a statement that is no literal, an engine called from outside', () => {
  const file = 'src/features/cases/planted.cpp'
  breaks('sql', file, 'void f() { sqlite3_exec(db, text.c_str(), 0, 0, 0); }\n', 'sqlite3_exec belongs to storage')
  breaks('sql', file, 'void f() { storage::Sql sql("x"); sql.text = s.c_str(); }\n', 'could be given another text')
  breaks('sql', file, 'void f() { tx.query(make_statement(order)); }\n', 'not written as a literal')
  breaks('sql', file, 'void f() { tx.exec(*reinterpret_cast<storage::Sql*>(&text)); }\n', 'a cast to Sql')
})
test('lint routes: an unlisted open route, a listed one that is gone, a write without an act', () => {
  put('data/anonymous_routes.txt', '# closed list\nGET /api/v1/about\n')
  const routes = join(copy, 'routes.json')
  const about = { method: 'get', path: '/api/v1/about', rule: { kind: 'anonymous' } }
  const judge = (...list) => {
    writeFileSync(routes, JSON.stringify(list))
    return lint('routes', '--routes', routes)
  }
  assert.equal(judge(about).status, 0)
  assert.match(judge(about, { method: 'get', path: '/api/v1/clients', rule: { kind: 'anonymous' } }).text, /GET \/api\/v1\/clients: answers without signing in/)
  assert.match(judge(about, { method: 'post', path: '/api/v1/cases', rule: { kind: 'clauses' } }).text, /names no audit act/)
  assert.match(judge({ ...about, path: '/api/v1/other', rule: { kind: 'clauses' } }).text, /no such route/)
  assert.match(judge(about, { method: 'get', path: '/api/v1/x' }).text, /no rule/)
  assert.equal(judge().status, 1)
  fresh()
})
test('lint languages: a sentence in one language only, a code that stands twice', () => {
  const file = 'src/kernel/planted.def'
  breaks('languages', file, 'PROBLEM(planted, 422, "只有中文。", "")\n', 'no English sentence')
  breaks('languages', file, 'ACT(planted, "planted.done", change, "Planted", "Planted")\n', 'no Chinese sentence')
  breaks('languages', file, 'FINDING(one, refused, "一。", "One.")\nFINDING(one, refused, "二。", "Two.")\n', 'stands twice')
})
test('lint unfinished: a mark, a switched-off test', () => {
  breaks('unfinished', 'src/kernel/planted.cpp', '// TO' + 'DO: later\n', 'unfinished work')
  breaks('unfinished', 'src/kernel/planted_test.cpp', 'TEST(Planted, DIS' + 'ABLED_one) {}\n', 'switched off')
})
test('lint alien: a path of one machine, a host of one registry', () => {
  breaks('alien', 'docs/planted.md', 'See /wo' + 'rk/main for it.\n', 'one machine')
  breaks('alien', 'ui/planted.json', '{"at": "https://regis' + 'try.example.com/x"}\n', 'one machine')
})
test('lint waiver: no text releases the school from responsibility', () => {
  breaks('waiver', 'data/texts/planted.md', '如有意外,后果自负。\n', 'release somebody')
  breaks('waiver', 'docs/planted.md', 'The school shall not be held liable.\n', 'release somebody')
  assert.ok(!lint('waiver').text.includes('FAIL'), lint('waiver').text)
})
test('lint lockfiles: a host in a lock file', () => {
  breaks('lockfiles', 'tests/browser/package-lock.json', '{"packages": {"x": {\n"resolved": "https://host.example/x.tgz"\n}}}\n', 'names a host')
})
test('lint shell: a slip in the syntax, a script that cannot be called', () => {
  put('script/planted', '#!/usr/bin/env bash\nset -u\nif true; then\n')
  chmodSync(join(copy, 'script/planted'), 0o755)
  assert.match(lint('shell').text, /script\/planted: .*syntax error/)
  put('script/planted', '#!/usr/bin/env bash\nset -u\ntrue\n')
  chmodSync(join(copy, 'script/planted'), 0o644)
  assert.match(lint('shell').text, /script\/planted: cannot be executed/)
})
test('lint: an unknown check is refused', () => assert.equal(lint('no-such-check').status, 2))
