// The command line: exit statuses, answers for machines, rosters, the audit log's proofs.
import test from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { leafIsIn } from './crypto.mjs'
import { demoSchool, onPostgres, program, top } from './harness.mjs'

const school = await demoSchool()
test.after(() => school.remove())
const rosters = join(top, 'tests/data/roster')
const plain = async (...args) => new Promise((resolve) => program().then((file) => execFile(file, args, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }))))
const people = async () => (await school.storage.rows('SELECT (SELECT count(*) FROM students) AS people, (SELECT count(*) FROM accounts) AS accounts'))[0]

test('commands: 0 done, 1 refused with a sentence, 2 not understood', async () => {
  assert.equal((await plain('version')).status, 0)
  assert.match(JSON.parse((await plain('version', '--json')).stdout).version, /^\d+\.\d+/)
  for (const args of [[], ['dance'], ['import'], ['audit', 'prove', 'x', '--data', '/tmp/none'], ['init', '--name', 'x'], ['serve', '--no-such-option']]) assert.equal((await plain(...args)).status, 2, args.join(' '))
  const missing = join(school.folder, 'nothing-here')
  for (const args of [['doctor'], ['serve'], ['audit', 'head'], ['import', 'roster', join(rosters, 'xueji.xlsx')], ['backup', join(school.folder, 'b')]]) {
    const out = await plain(...args, '--data', missing)
    assert.equal(out.status, 1, args.join(' '))
    assert.match(out.stderr, /^xinyi: .{20,}/, args.join(' '))
    assert.ok(!fs.existsSync(missing), 'a refused command makes nothing')
  }
  const zone = await plain('init', '--name', '某校', '--director', '某人', '--stage', 'junior', '--zone', 'Mars/Base', '--data', missing)
  assert.equal(zone.status, 1)
  assert.match(zone.stderr, /Asia\/Shanghai/)
  assert.equal((await plain('init', '--name', '某校', '--director', '某人', '--stage', 'kindergarten', '--data', missing)).status, 2)
})

test('commands: routes and document speak of the same addresses', async () => {
  const routes = JSON.parse((await plain('routes', '--json')).stdout)
  const document = JSON.parse((await plain('openapi')).stdout)
  assert.match(document.openapi, /^3\.1/)
  const there = new Set(Object.entries(document.paths).flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`)))
  for (const route of routes) if (!route.path.endsWith('openapi.json')) assert.ok(there.has(`${route.method} ${route.path}`), route.path)
  assert.ok(routes.every((route) => ['anonymous', 'set_up', 'signed_in', 'clauses'].includes(route.rule.kind)))
  assert.equal((await plain('routes')).stdout.trim().split('\n').length, routes.length)
})

test('commands: a second server on the same folder is refused with a sentence', { skip: onPostgres && 'several servers may share a PostgreSQL' }, async () => {
  const second = await school.cli(['serve', '--listen', '127.0.0.1:0'])
  assert.equal(second.status, 1)
  assert.match(second.stderr, new RegExp(`in use by process ${school.pid}`))
  assert.equal((await school.client().get('/api/v1/about')).status, 200)
})

test('commands: a dry run changes nothing, an import once, the same again nothing', async () => {
  for (const file of ['oneroster-clean.zip', 'xueji.xlsx']) {
    const path = join(rosters, file)
    const before = await people()
    const dry = JSON.parse((await school.cli(['import', 'roster', path, '--dry-run', '--json'], { ok: true })).stdout)
    assert.equal(dry.applied, false)
    assert.ok(dry.counts.read > 1000)
    assert.deepEqual(await people(), before, `${file}: dry run`)
    const real = JSON.parse((await school.cli(['import', 'roster', path, '--json'], { ok: true })).stdout)
    assert.equal(real.applied, true)
    assert.deepEqual(real.counts, dry.counts, `${file}: the preview tells what happens`)
    const after = await people()
    assert.equal(Number(after.people) > Number(before.people), real.counts.created > 0)  // the second file speaks of the same children
    const again = JSON.parse((await school.cli(['import', 'roster', path, '--json'], { ok: true })).stdout)
    for (const what of ['created', 'changed', 'moved', 'promoted', 'left']) assert.equal(again.counts[what], 0, `${file}: ${what} at the second time`)
    assert.deepEqual(await people(), after)
  }
  const dirty = JSON.parse((await school.cli(['import', 'roster', join(rosters, 'oneroster-dirty.zip'), '--dry-run', '--json'])).stdout)
  assert.ok(dirty.findings_total > 0 && dirty.findings.every((each) => each.file && each.text.zh && each.text.en))
  fs.writeFileSync(join(school.folder, 'noise.xlsx'), Buffer.from('PK\u0003\u0004 no workbook'))
  const noise = await school.cli(['import', 'roster', join(school.folder, 'noise.xlsx')])
  assert.equal(noise.status, 1)
  assert.match(noise.stderr, /cannot be read/)
})

test('commands: the same over HTTP – upload, preview, import, repeat', async () => {
  const admin = await school.as('admin')
  const file = Buffer.from('姓名,学号,年级,班级\n钱多多,88880001,初一,1班\n𠮷小龘,88880002,初一,1班\n')
  const upload = await admin.ok('PUT', '/api/v1/roster/uploads?name=新生.csv'.replace('新生', encodeURIComponent('新生')), undefined, { raw: file })
  assert.deepEqual(upload.columns, ['姓名', '学号', '年级', '班级'])
  assert.equal(upload.mapping.name, 0)
  const before = await people()
  const preview = await admin.ok('POST', `/api/v1/roster/uploads/${upload.id}/preview`, {})
  assert.equal(preview.applied, false)
  assert.equal(preview.counts.created, 2)
  assert.deepEqual(await people(), before)
  const first = await admin.ok('POST', `/api/v1/roster/uploads/${upload.id}/import`, {})
  assert.equal(first.applied, true)
  assert.deepEqual(first.counts, preview.counts)
  assert.deepEqual(await admin.ok('POST', `/api/v1/roster/uploads/${upload.id}/import`, {}), first, 'a repeat gets the same report')
  assert.equal((await admin.ok('GET', `/api/v1/students?search=${encodeURIComponent('𠮷小龘')}`)).items[0].student_number, '88880002')
  assert.equal((await (await school.as('director')).post(`/api/v1/roster/uploads/${upload.id}/import`, {})).code, 'roster_expired', 'an upload is its uploader’s')
  assert.equal((await (await school.as('counsellor')).put('/api/v1/roster/uploads?name=x.csv', undefined, { raw: file })).code, 'not_allowed')
  assert.equal((await admin.put('/api/v1/roster/uploads?name=x.csv', undefined, { raw: Buffer.from([0, 1, 2, 3]) })).status, 422)
})

test('commands: the log is whole, and a proof holds by itself', async () => {
  const doctor = await school.cli(['doctor', '--json'])
  const ill = JSON.parse(doctor.stdout).checks.filter((each) => !each.ok)
  // The tests' own PostgreSQL runs without fsync, and the doctor must say so.
  if (onPostgres && process.env.XINYI_TEST_POSTGRES_FSYNC !== 'on') assert.match(ill.map((each) => each.text.en).join(), /^The database: .*fsync off/)
  else assert.deepEqual(ill, [])
  assert.equal(doctor.status, ill.length > 0 ? 1 : 0)
  const head = JSON.parse((await school.cli(['audit', 'head'], { ok: true })).stdout)
  assert.ok(head.size > 0 && /^[0-9a-f]{64}$/.test(head.root))
  const said = await school.audit.verify()
  assert.equal(said.status, 0)
  assert.ok(said.sound && said.events >= head.size && said.sealed >= head.size)
  for (const number of [0, 1, Math.floor(head.size / 2), head.size - 1]) {
    const proof = JSON.parse((await school.cli(['audit', 'prove', String(number)], { ok: true })).stdout)
    assert.equal(leafIsIn(proof), '', `event ${number}`)
    const bytes = Buffer.from(proof.bytes, 'base64')
    bytes[bytes.length - 1] ^= 1
    assert.notEqual(leafIsIn({ ...proof, bytes: bytes.toString('base64') }), '', 'a changed event does not')
    assert.notEqual(leafIsIn({ ...proof, head: { ...proof.head, size: proof.head.size + 1 } }), '')
  }
  assert.equal((await school.cli(['audit', 'prove', '99999999'])).status, 1)
})

test('commands: a changed event is found, and the exit status says so', async () => {
  await school.offline(async () => {
    await school.storage.tamper("UPDATE audit_events SET outcome = CASE outcome WHEN 'done' THEN 'refused' ELSE 'done' END WHERE number = 3")
    const said = await school.audit.verify()
    assert.equal(said.status, 1)
    assert.equal(said.sound, false)
    assert.equal(said.first_bad, 3)
    await school.storage.tamper("UPDATE audit_events SET outcome = CASE outcome WHEN 'done' THEN 'refused' ELSE 'done' END WHERE number = 3")
    assert.equal((await school.audit.verify()).status, 0)
  })
})
