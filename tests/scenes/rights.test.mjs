// Who may do what: every route, every role, every standing to the object, called without the screens and compared
// with the rule that the route itself declares.
import test from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { booked, demoSchool, exchange, fields, freeSlots, openCase, record, visit } from './harness.mjs'

const school = await demoSchool()
test.after(() => school.remove())
const routes = JSON.parse((await school.cli(['routes', '--json'])).stdout)
const roles = ['student', 'counsellor', 'counsellor2', 'trainee', 'director', 'deputy', 'reception', 'homeroom', 'archivist', 'principal', 'admin']
const people = Object.fromEntries([['nobody', school.client({ username: 'nobody' })]])
for (const username of roles) people[username] = await school.as(username)
const child = await school.as('student2')

// One object of each kind, in the hands of `counsellor` and about `student2`; plus one about `counsellor2` as a client.
const appointment = await visit(child, people.counsellor, { reason: '想聊聊' })
const opened = await openCase(people.counsellor, appointment)
const draft = await record(people.counsellor, opened.id, { sign: false, appointment })
const about = await visit(people.counsellor2, people.counsellor)
const own = await openCase(people.counsellor, about)
const ownRecord = await record(people.counsellor, own.id, { sign: false })
const future = await booked(people.student, (await freeSlots(people.student, { counsellor: people.counsellor.id })).at(-1))
const shift = (await people.director.ok('GET', '/api/v1/shifts')).items.find((each) => each.counsellor.id === people.counsellor.id)

const objects = {
  cases: { given: opened.id, about: own.id }, records: { given: draft.id, about: ownRecord.id },
  appointments: { given: appointment.id, about: about.id, child: future.id },
  shifts: { given: shift.id }, staff: { given: people.counsellor2.id }, students: { given: child.id },
}
const owners = { [about.id]: 'counsellor2', [future.id]: 'student', [own.id]: 'counsellor2', [ownRecord.id]: 'counsellor2' }

/** How an account stands to an object, said again from the facts above. */
function relations(username, kind, id) {
  const out = []
  if (kind === 'appointments') {
    if (owners[id] === username) out.push('own')
    if (username === 'counsellor') out.push('assigned')
  } else if (kind === 'day') {
    out.push('own')  // without counsellor_id: one's own
  } else if (kind === 'shifts') {
    if (username === 'counsellor') out.push('assigned')
  } else if (kind === 'cases' || kind === 'records') {
    if (owners[id] === username) return out
    if (username === 'counsellor') out.push('assigned', 'granted')
    if (username === 'director' || username === 'deputy') out.push('room_key')
  }
  return out
}
function expected(route, username, kind, id, exists) {
  const { rule } = route
  if (rule.kind === 'anonymous') return 'open'
  if (rule.kind === 'set_up') return 'setup_done'
  if (username === 'nobody') return 'sign_in_needed'
  if (rule.kind === 'signed_in') return 'open'
  const mine = people[username].me.roles
  if (rule.content && mine.includes('administrator')) return 'not_allowed'
  const fitting = rule.clauses.filter((clause) => clause.roles.some((role) => mine.includes(role)))
  if (fitting.length === 0) return 'not_allowed'
  if (exists === false) return 'not_found'
  const has = relations(username, kind, id)
  return fitting.some((clause) => clause.relations.length === 0 || clause.relations.some((each) => has.includes(each))) ? 'open' : 'not_found'
}
const denials = ['sign_in_needed', 'not_allowed', 'not_found', 'setup_done', 'session_ended', 'totp_setup_needed', 'certification_needed', 'pledge_needed', 'key_locked']
/** What changes nothing even where it is allowed: bodies and versions that cannot be right. */
const harmless = (route) => ({
  body: route.body ? { no_such_field: true } : { no_such_field: true },
  options: { version: route.versioned ? 999 : undefined, raw: route.upload_limit ? Buffer.from('not a roster') : undefined },
})

test('rights: every route, role and object answers as its rule says', async () => {
  const differences = []
  let calls = 0
  for (const route of routes) {
    const kind = route.path.split('/')[3]
    if (route.path === '/api/v1/session' && route.method === 'DELETE') continue  // shown in sessions.test.mjs
    const targets = kind === 'forms' && route.path.includes('{id}') ? [['a blank form', 'consent']] : !route.path.includes('{id}') ? [['none', '']] : [...Object.entries(objects[kind] ?? {}), ['nonexistent', randomUUID()]]
    for (const username of ['nobody', ...roles]) {
      const answers = {}
      for (const [what, id] of targets) {
        if (route.rule.kind === 'signed_in' && what === 'nonexistent') continue
        if (kind === 'roster') continue  // uploads belong to who uploaded them; shown in commands.test.mjs
        const { body, options } = harmless(route)
        const answer = await people[username].send(route.method, route.path.replace('{id}', id), route.method === 'GET' || route.upload_limit ? undefined : body, options)
        calls += 1
        const want = expected(route, username, kind, id, what === 'nonexistent' ? !(kind in objects) && undefined : true)
        const got = denials.includes(answer.code) ? answer.code : 'open'
        const fits = want === got || (want === 'open' && answer.code === 'invalid_input') || (answer.code === 'invalid_input' && want === 'not_found')
        if (!fits || answer.status >= 500) differences.push(`${route.method} ${route.path} as ${username} on ${what}: ${got}, not ${want}`)
        answers[what] = answer
      }
    }
  }
  assert.deepEqual(differences, [])
  assert.ok(calls > 700, `${calls} calls`)
})

test('rights: another counsellor’s day is refused with an event; managers read it, which leaves one', async () => {
  const whose = people.counsellor.id
  for (const username of ['counsellor2', 'trainee']) {
    const since = await school.audit.size()
    const [theirs, nobodys] = [await people[username].get(`/api/v1/day?counsellor_id=${whose}`), await people[username].get(`/api/v1/day?counsellor_id=${randomUUID()}`)]
    assert.equal(`${theirs.status} ${theirs.code}`, '404 not_found', username)
    assert.equal(theirs.sameless, nobodys.sameless)
    const [refusal, another] = await school.audit.events({ since })
    assert.deepEqual([refusal.act, refusal.outcome, refusal.object_kind, refusal.object], ['access.refused', 'refused', 'person', whose])
    assert.equal(another.act, 'access.refused')
  }
  for (const username of ['director', 'reception']) {
    const since = await school.audit.size()
    assert.equal((await people[username].get(`/api/v1/day?counsellor_id=${whose}`)).status, 200, username)
    assert.deepEqual((await school.audit.events({ since })).map((each) => [each.act, each.object]), [['day.read', whose]])
    assert.equal((await people[username].get(`/api/v1/day?counsellor_id=${randomUUID()}`)).code, 'not_found')
  }
  const since = await school.audit.size()
  assert.equal((await people.counsellor.get(`/api/v1/day?counsellor_id=${whose}`)).status, 200)
  assert.deepEqual(await school.audit.events({ since }), [], 'one’s own day leaves no event')
})

test('rights: "not yours" and "not there" are one answer, byte for byte', async () => {
  let compared = 0
  for (const route of routes.filter((each) => each.path.includes('{id}') && ['cases', 'records', 'appointments'].includes(each.path.split('/')[3]))) {
    const kind = route.path.split('/')[3]
    for (const username of roles) {
      const body = route.body ? bodyFor(route) : undefined
      for (const [what, id] of Object.entries(objects[kind])) {
        if (expected(route, username, kind, id, true) !== 'not_found') continue
        const [theirs, nobodys] = [await people[username].send(route.method, route.path.replace('{id}', id), body, { version: route.versioned ? 1 : undefined }),
          await people[username].send(route.method, route.path.replace('{id}', randomUUID()), body, { version: route.versioned ? 1 : undefined })]
        assert.equal(theirs.status, 404, `${route.path} as ${username} on ${what}`)
        assert.equal(theirs.sameless, nobodys.sameless, `${route.path} as ${username} on ${what}`)
        const rest = ({ headers }) => JSON.stringify({ ...headers, date: 0 })
        assert.equal(rest(theirs), rest(nobodys))
        compared += 1
      }
    }
  }
  assert.ok(compared >= 40, `${compared} pairs`)
})
function bodyFor(route) {
  const of = (schema) => {
    const s = schema.$ref ? route.schemas[schema.$ref.split('/').at(-1)] : schema.anyOf ? { type: 'null' } : schema
    if ((schema.$ref ?? '').endsWith('RecordFields')) return fields()
    if (s.type === 'object') return Object.fromEntries((s.required ?? []).map((name) => [name, of(s.properties[name])]))
    if (s.format === 'uuid') return randomUUID()
    return { string: '需要了解', integer: 1, boolean: true, array: [] }[s.type] ?? null
  }
  return of(route.body)
}

test('rights: a cookie of another school opens nothing here', async () => {
  const other = await demoSchool({ seed: 11 })
  try {
    const stranger = await other.as('counsellor')
    const here = school.client()
    here.cookie = stranger.cookie
    for (const path of [`/api/v1/cases/${opened.id}/open`, `/api/v1/records/${draft.id}/open`, `/api/v1/appointments/${appointment.id}/reason/open`])
      assert.equal((await here.post(path)).status, 401, path)
    assert.equal((await stranger.post(`/api/v1/cases/${opened.id}/open`, {})).sameless, (await stranger.post(`/api/v1/cases/${randomUUID()}/open`, {})).sameless)
  } finally { await other.remove() }
})

test('rights: no other site can write, by any of the ways a browser offers', async () => {
  const rowsBefore = await counts()
  const host = `127.0.0.1:${school.port}`
  const good = { Host: host, 'X-Xinyi': '1', Origin: `http://${host}`, 'Content-Type': 'application/json' }
  const tricks = {
    'no guard header': { 'X-Xinyi': undefined }, 'another origin': { Origin: 'https://evil.example' }, 'a null origin': { Origin: 'null' },
    'an origin that only begins alike': { Origin: `http://${host}.evil.example` }, 'fetch site': { 'Sec-Fetch-Site': 'cross-site' }, 'same site only': { 'Sec-Fetch-Site': 'same-site' },
    'a form': { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Xinyi': undefined }, 'a plain text': { 'Content-Type': 'text/plain' }, 'a multipart form': { 'Content-Type': 'multipart/form-data; boundary=x' },
  }
  let tried = 0
  for (const route of routes.filter((each) => each.method !== 'GET')) {
    const kind = route.path.split('/')[3]
    const path = route.path.replace('{id}', objects[kind]?.given ?? randomUUID())
    const who = people[route.path.includes('/setup/') ? 'director' : 'counsellor']
    const body = route.upload_limit ? 'x' : route.body ? JSON.stringify(bodyFor(route)) : '{}'
    for (const [what, change] of Object.entries(tricks)) {
      if (route.upload_limit && what.startsWith('a ') && what !== 'a null origin') continue
      const answer = await exchange(school.port, { method: route.method, path, headers: { ...good, ...(route.upload_limit ? { 'Content-Type': 'application/octet-stream' } : {}), Cookie: who.cookie, 'If-Match': '"1"', ...change }, body })
      tried += 1
      assert.ok([403, 415].includes(answer.status) && ['cross_site', 'wrong_media_type'].includes(answer.code), `${route.method} ${path} with ${what}: ${answer}`)
    }
    for (const [method, headers] of [['GET', {}], ['GET', { 'X-HTTP-Method-Override': route.method }], ['POST', { 'X-HTTP-Method-Override': route.method, 'X-Xinyi': undefined }]]) {
      const answer = await exchange(school.port, { method, path, headers: { ...good, ...headers, Cookie: who.cookie }, body: method === 'GET' ? undefined : body })
      const reads = routes.some((each) => each.method === 'GET' && each.path === route.path)
      assert.ok(reads || [403, 404, 405].includes(answer.status), `${method} for ${route.method} ${path}: ${answer}`)
    }
  }
  assert.ok(tried > 200)
  assert.deepEqual(await counts(), rowsBefore)
})
async function counts() {
  const tables = ['accounts', 'sessions', 'appointments', 'cases', 'records', 'record_versions', 'shifts', 'rooms', 'terms', 'declarations', 'acknowledgements', 'cards']
  const rows = await school.storage.rows(tables.map((table) => `SELECT '${table}' AS name, count(*) AS n FROM ${table}`).join(' UNION ALL '))
  const versions = await school.storage.rows('SELECT sum(version) AS n FROM appointments UNION ALL SELECT sum(version) FROM records UNION ALL SELECT sum(version) FROM accounts')
  return [...rows, ...versions].map((row) => `${row.name ?? ''} ${row.n}`).sort()
}
