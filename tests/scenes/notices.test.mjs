// Notices: told once, revealing nothing, kept through the night, and heard at once where somebody is listening.
import test from 'node:test'
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { booked, demoSchool, freeSlot, freeSlots, onPostgres, sleep } from './harness.mjs'
import { authority, deadPort, hookServer, listen, mailServer, mailSettings, setMail, signature, until } from './notices_kit.mjs'

const school = await demoSchool({ clock: true })
test.after(() => school.remove())
school.moveTo('10:00', 1)
const as = (username) => school.as(username)
const [admin, student] = [await as('admin'), await as('student')]
const counsellor = await as('counsellor')
const reason = '金丝雀:不想让别人知道的事'
const addresses = { counsellor: 'canary.counsellor@example.org', student: 'canary.student@example.org' }
const servers = []
test.after(() => Promise.all(servers.map((each) => each.close())))
const mailbox = async (options) => { const s = await mailServer(options); servers.push(s); return s }
const robot = async (behave) => { const s = await hookServer(behave); servers.push(s); return s }
const hooksGone = async (who = admin) => { for (const each of (await who.ok('GET', '/api/v1/notify/settings')).hooks) await who.ok('DELETE', `/api/v1/notify/hooks/${each.id}`) }
const bookOne = async (more) => booked(student, await freeSlot(student, { counsellor: counsellor.id }), more)
const cancel = (who, appointment) => who.ok('POST', `/api/v1/appointments/${appointment.id}/cancel`)
const outbox = () => admin.ok('GET', '/api/v1/notify/outbox')
const mail = await mailbox({ login: { user: 'office', password: 'right-password' } })
const settings = (more) => mailSettings(mail, { username: 'office', password: 'right-password', ...more })

test('notices: settings are kept by director and administrator alone, and the password is never shown', async () => {
  assert.equal((await counsellor.get('/api/v1/notify/settings')).code, 'not_allowed')
  assert.equal((await admin.post('/api/v1/notify/mail/test', { to: addresses.counsellor })).code, 'mail_off')
  const set = await setMail(admin, settings())
  assert.equal(set.status, 200, set.text)
  assert.equal(set.json.has_password, true)
  const shown = (await admin.get('/api/v1/notify/settings')).text
  assert.ok(!shown.includes('right-password'))
  // Kept when it is left out; asked for again when it would go to another server.
  assert.equal((await setMail(admin, settings({ password: undefined }))).status, 200)
  const elsewhere = await setMail(admin, settings({ password: undefined, port: 9 }))
  assert.deepEqual(elsewhere.json.problems.map((each) => [each.field, each.code]), [['password', 'mail_password_needed']])
  assert.equal((await admin.put('/api/v1/notify/mail', settings(), { version: 1 })).code, 'changed_meanwhile')
  for (const [more, field, code] of [
    [{ sender_name: '心理咨询室' }, 'sender_name', 'sender_telling'], [{ sender: 'xinli@school.example' }, 'sender_name', 'sender_telling'],
    [{ sender: 'a@b@c' }, 'sender', 'mail_address_wrong'], [{ sender: 'a@b.c\r\nBcc: x@y.z' }, 'sender', 'field_characters'],
    [{ host: 'mail.school.example' }, 'security', 'outside_insecure'], [{ host: 'a b' }, 'host', 'field_characters'], [{ host: 'h/../x' }, 'host', 'field_characters'],
    [{ ca_pem: 'nonsense' }, 'ca_pem', 'ca_unreadable'], [{ port: 0 }, 'port', 'field_range'],
  ]) {
    const refused = await setMail(admin, settings(more))
    assert.equal(refused.status, 422, JSON.stringify(more))
    assert.deepEqual(refused.json.problems.map((each) => [each.field, each.code]), [[field, code]])
    assert.ok(refused.json.problems[0].text.zh && refused.json.problems[0].text.en)
  }
})

test('notices: a test mail says at once what is wrong, in words', async () => {
  const trial = () => admin.post('/api/v1/notify/mail/test', { to: addresses.counsellor })
  assert.equal((await trial()).status, 200)
  assert.deepEqual(mail.mails.at(-1).to, [addresses.counsellor])
  assert.match(mail.mails.at(-1).text, /测试消息/)
  await setMail(admin, settings({ password: 'wrong-password' }))
  const wrong = await trial()
  assert.equal(wrong.code, 'login_refused')
  assert.match(wrong.json.text.zh, /用户名或密码/)
  assert.ok(!wrong.text.includes('wrong-password'))
  await setMail(admin, settings({ port: await deadPort() }))
  assert.equal((await trial()).code, 'outside_unreachable')
  await setMail(admin, settings())
  mail.behave = () => ({ code: 550, at: 'rcpt' })
  assert.equal((await trial()).code, 'mail_refused')
  mail.behave = () => ({ code: 451, at: 'data' })
  assert.equal((await trial()).code, 'outside_busy')
  mail.behave = () => undefined
  for (const to of ['x', 'a@b.c\r\nDATA', 'a@b.c> SIZE=1', '李@学校.cn']) assert.equal((await admin.post('/api/v1/notify/mail/test', { to })).status, 422, to)
})

test('notices: TLS and STARTTLS with the school’s own authority; without it nothing is handed over', async () => {
  const own = authority(school.folder)
  for (const [security, implicit] of [['tls', true], ['starttls', false]]) {
    const secure = await mailbox({ tls: own, implicit, login: { user: 'office', password: 'right-password' } })
    const trial = async (more) => {
      assert.equal((await setMail(admin, settings({ host: 'localhost', port: secure.port, security, ...more }))).status, 200)
      return admin.post('/api/v1/notify/mail/test', { to: addresses.counsellor })
    }
    assert.equal((await trial({ ca_pem: '' })).code, 'outside_untrusted')
    assert.equal(secure.sessions.logins, 0, 'the password stayed here')
    assert.equal((await trial({ ca_pem: own.ca })).status, 200)
    assert.ok(secure.sessions.secure > 0 && secure.mails.length === 1)
  }
  // A server that offers no encryption gets neither password nor mail.
  const before = mail.sessions.logins
  await setMail(admin, settings({ security: 'starttls', ca_pem: '' }))
  assert.equal((await admin.post('/api/v1/notify/mail/test', { to: addresses.counsellor })).code, 'outside_insecure')
  assert.equal(mail.sessions.logins, before)
  await setMail(admin, settings({ ca_pem: '' }))
})

test('notices: a booking tells the counsellor, a cancelling the child; each once, each on their own list', async () => {
  assert.equal((await counsellor.put('/api/v1/me/channels', { mail: 'no address' })).json.problems[0].code, 'mail_address_wrong')
  const chosen = await counsellor.ok('PUT', '/api/v1/me/channels', { mail: addresses.counsellor })
  assert.deepEqual(chosen, { mail: addresses.counsellor, mail_offered: true, mail_refused: false })
  assert.deepEqual(await student.ok('GET', '/api/v1/me/channels'), { mail: null, mail_offered: true, mail_refused: false }, 'by default the list alone')
  const from = mail.mails.length
  const appointment = await bookOne({ reason })
  await until('a mail', () => mail.mails.length > from)
  const letter = mail.mails.at(-1)
  assert.deepEqual(letter.to, [addresses.counsellor])
  assert.equal(letter.text, '您有一条新的通知,登录后查看。\n\nYou have a new notice. Sign in to read it.\n')
  assert.equal(letter.subject, '新的通知 · A new notice')
  assert.equal(letter.from, '校园通知 <notice@school.example>')
  const mine = await counsellor.ok('GET', '/api/v1/notices')
  assert.equal(mine.items[0].kind, 'appointment_made')
  assert.match(mine.items[0].text.zh, /^\d+月\d+日 \d\d:\d\d 新约了一个时段。$/)
  assert.equal(mine.unread, 1)
  // The counsellor calls it off: the child reads it in the portal, and no mail goes anywhere, for the child chose none.
  const sent = mail.mails.length
  await cancel(counsellor, appointment)
  const theirs = await student.ok('GET', '/api/v1/notices')
  assert.equal(theirs.items[0].kind, 'appointment_off')
  await sleep(700)
  assert.equal(mail.mails.length, sent)
  // Read: one by name, then all; nobody reads another's away.
  assert.equal((await student.ok('POST', '/api/v1/notices/read', { ids: [mine.items[0].id] })).unread, 1)
  assert.equal((await counsellor.ok('GET', '/api/v1/notices')).unread, 1)
  assert.equal((await student.ok('POST', '/api/v1/notices/read', { ids: [theirs.items[0].id] })).unread, 0)
  assert.equal((await counsellor.ok('POST', '/api/v1/notices/read', {})).unread, 0)
  assert.equal((await student.get(`/api/v1/notices?before=${mine.items[0].id}`)).code, 'invalid_input')
})

test('notices: robots get their shape, their signature and once a message; addresses inside are refused', async () => {
  const fails = { wecom: false }
  const there = await robot((call) => (fails.wecom && call.path === '/wecom' ? { body: '{"errcode":93000,"errmsg":"invalid"}' } : {}))
  const add = (kind, more = {}) => admin.ok('POST', '/api/v1/notify/hooks', { kind, name: `群 ${kind}`, url: there.url(`/${kind}`), urgent_only: false, ...more })
  const [wecom, dingtalk, plain] = [await add('wecom'), await add('dingtalk', { secret: 'SEC1' }), await add('plain', { secret: 'S2' })]
  assert.ok(!(await admin.get('/api/v1/notify/settings')).text.includes('/wecom'), 'a robot’s address is its key')
  await admin.ok('POST', `/api/v1/notify/hooks/${wecom.id}/test`)
  assert.deepEqual(there.calls.at(-1).json, { msgtype: 'text', text: { content: '这是一条测试消息:设置可以用了。\n\nThis is a test: the settings work.\n' } })
  fails.wecom = true
  assert.equal((await admin.post(`/api/v1/notify/hooks/${wecom.id}/test`)).code, 'hook_refused')
  fails.wecom = false
  const from = there.calls.length
  const appointment = await bookOne()
  await until('three calls', () => there.calls.length >= from + 3)
  const by = Object.fromEntries(there.calls.slice(from).map((call) => [call.path.split(/[/?]/)[1], call]))
  assert.equal(by.wecom.json.text.content, '您有一条新的通知,登录后查看。\n\nYou have a new notice. Sign in to read it.\n')
  const query = new URL(by.dingtalk.path, 'http://x').searchParams
  assert.equal(query.get('sign'), signature('SEC1', `${query.get('timestamp')}\nSEC1`, 'base64'))
  const [, at, hmac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(by.plain.headers['x-xinyi-signature'])
  assert.equal(hmac, signature('S2', `${at}.${by.plain.raw}`))
  assert.deepEqual(Object.keys(by.plain.json).sort(), ['id', 'kind', 'repeat', 'text'])
  await cancel(student, appointment)
  await until('three more', () => there.calls.length >= from + 6)
  await sleep(300)
  assert.equal(there.calls.length, from + 6, 'once each')
  for (const url of ['http://school.example/x', 'https://user@school.example/', 'ftp://127.0.0.1/', 'file:///etc/passwd', 'https://h/#x'])
    assert.equal((await admin.post('/api/v1/notify/hooks', { kind: 'plain', name: 'x', url })).json.problems[0].code, 'hook_address', url)
  // An address inside the school's network that nobody allowed is not even knocked at; no redirection is followed.
  const secret = await robot()
  const private_ = await add('plain', { url: `https://localhost:${secret.port}/x` })
  assert.notEqual((await admin.post(`/api/v1/notify/hooks/${private_.id}/test`)).status, 200)
  const inside = await add('plain', { url: 'https://10.0.0.1/x' })
  const begun = Date.now()
  assert.equal((await admin.post(`/api/v1/notify/hooks/${inside.id}/test`)).code, 'hook_refused')
  assert.ok(Date.now() - begun < 3000, 'refused without knocking')
  assert.equal((await admin.post('/api/v1/notify/hooks', { kind: 'plain', name: 'x', url: there.url() })).code, 'hooks_many')
  await hooksGone()
  const sly = await robot(() => ({ status: 302, headers: { Location: secret.url('/stolen') } }))
  const redirected = await add('plain', { url: sly.url() })
  assert.equal((await admin.post(`/api/v1/notify/hooks/${redirected.id}/test`)).code, 'hook_refused')
  assert.equal(secret.calls.length, 0)
  const endless = await robot(() => ({ body: 'x'.repeat(200_000) }))
  assert.equal((await admin.post(`/api/v1/notify/hooks/${(await add('plain', { url: endless.url() })).id}/test`)).code, 'hook_refused')
  await hooksGone()
})

test('notices: a bounce is final and seen; trouble is tried again, later each time', async () => {
  let tries = 0
  mail.behave = () => { tries += 1; return { code: 550, at: 'rcpt' } }
  await bookOne()
  const failed = await until('the bounce', async () => { const box = await outbox(); return box.failed === 1 && box })
  assert.equal(failed.items[0].state, 'refused')
  assert.deepEqual(failed.items[0].tries.map((each) => [each.outcome, each.reply]), [['refused', 550]])
  assert.equal((await counsellor.ok('GET', '/api/v1/me/channels')).mail_refused, true)
  school.moveClock(3600 * 2)
  await sleep(800)
  assert.equal(tries, 1)
  const again = await as('counsellor2').then(() => school.signIn('counsellor'))
  await again.client.ok('PUT', '/api/v1/me/channels', { mail: addresses.counsellor })
  mail.behave = () => ({ code: 451, at: 'data' })
  const { client: child } = await school.signIn('student')
  const from = mail.mails.length
  await booked(child, await freeSlot(child, { counsellor: counsellor.id }))
  const { client: keeper } = await school.signIn('admin')
  const box = () => keeper.ok('GET', '/api/v1/notify/outbox')
  const waits = await until('the first try', async () => (await box()).items.find((each) => each.state === 'waiting' && each.tries.length === 1 && each.tries[0].outcome === 'busy'))
  assert.equal(Date.parse(waits.due_at) - Date.parse(waits.tries[0].at) >= 59_000, true, 'a minute')
  school.moveClock(61)
  await until('the second try', async () => (await box()).items.some((each) => each.id === waits.id && each.tries.length === 2))
  mail.behave = () => undefined
  school.moveClock(121)
  await until('the mail', () => mail.mails.length === from + 1)
  for (const [username, client] of [['counsellor', again.client], ['student', child], ['admin', keeper]]) school.keep(username, client)
})

test('notices: usual messages wait for the morning, and the portal does not', async () => {
  school.moveTo('23:00')
  const [night, child, keeper] = [(await school.signIn('counsellor')).client, (await school.signIn('student')).client, (await school.signIn('admin')).client]
  const from = mail.mails.length
  await booked(child, await freeSlot(child, { counsellor: night.id }))
  assert.equal((await night.ok('GET', '/api/v1/notices')).items[0].kind, 'appointment_made')
  await sleep(1500)
  assert.equal(mail.mails.length, from, 'nobody is woken')
  assert.equal((await keeper.ok('GET', '/api/v1/notify/outbox')).waiting, 1)
  school.moveTo('06:59', 1)
  await sleep(1500)
  assert.equal(mail.mails.length, from)
  school.moveTo('07:00')
  await until('the morning’s mail', () => mail.mails.length === from + 1)
  // Other hours, by the school.
  const { client: director } = await school.signIn('director')
  const hours = { mail: { from: '00:00', until: '23:59' }, hook: { from: '12:00', until: '12:00' } }
  assert.deepEqual(await director.ok('PUT', '/api/v1/notify/quiet', hours), hours)
  school.moveTo('08:00')
  const { client: early } = await school.signIn('student2')
  await booked(early, await freeSlot(early, { counsellor: night.id }))
  await sleep(1200)
  assert.equal(mail.mails.length, from + 1)
  await (await school.signIn('director')).client.ok('PUT', '/api/v1/notify/quiet', { mail: { from: '21:30', until: '07:00' }, hook: { from: '21:30', until: '07:00' } })
  school.moveTo('23:59')  // quiet again by the new hours: judged when it would leave
  await sleep(1200)
  assert.equal(mail.mails.length, from + 1)
  school.moveTo('07:01', 1)
  await until('the mail of the day before', () => mail.mails.length === from + 2)
  for (const username of ['counsellor', 'student', 'admin', 'student2', 'director']) school.forget(username)
})

test('notices: a window hears of it within a second, resumes without gap or repeat, and ends with its session', async () => {
  school.moveTo('10:00', 1)
  const [hears, child] = [(await school.signIn('counsellor')).client, (await school.signIn('student')).client]
  const slots = await freeSlots(child, { counsellor: hears.id })
  const first = await listen(hears)
  assert.match(first.raw, /^retry: 2000\nid: \d+\.\d+\n\n/, 'it learns its place before anything happens')
  await booked(child, slots[0])
  await until('the first event', () => first.events.length > 0)
  const known = first.events.length
  const begun = Date.now()
  await booked(child, slots[1])
  await until('the event', () => first.events.length > known)
  assert.ok(first.events.at(-1).at - begun < 1000, `${first.events.at(-1).at - begun} ms`)
  assert.deepEqual(Object.keys(first.events.at(-1)).sort(), ['at', 'id', 'kind', 'number'])
  assert.equal(first.events.at(-1).id, (await hears.ok('GET', '/api/v1/notices')).items[0].id)
  assert.equal(first.headers['content-type'], 'text/event-stream')
  assert.equal(first.headers['cache-control'], 'no-store')
  // Away for three events, and back.
  const place = first.last
  first.close()
  for (const slot of slots.slice(2, 5)) await booked(child, slot)
  const back = await listen(hears, { after: place })
  await until('three events', () => back.events.length >= 3)
  await booked(child, slots[5])
  await until('the fourth', () => back.events.length >= 4)
  await sleep(700)
  assert.deepEqual(back.events.map((each) => each.number), [1, 2, 3, 4].map((n) => Number(place) + n))
  assert.equal(new Set(back.events.map((each) => each.id)).size, 4)
  back.close()
  // A place that the server does not know is said, not guessed at.
  const lost = await listen(hears, { after: '999999.0' })
  assert.equal((await until('the word that it is lost', () => lost.events[0])).kind, 'again')
  // Ends: signing out, and a director who disables the account.
  await hears.delete('/api/v1/session')
  const out = Date.now()
  await until('the end', () => lost.ended, 3000)
  assert.ok(lost.endedAt - out < 1000, `${lost.endedAt - out} ms`)
  const { client: director } = await school.signIn('director')
  const { client: leaving } = await school.signIn('reception')
  const last = await listen(leaving)
  await director.ok('POST', `/api/v1/staff/${leaving.id}/disable`, { reason: '离职' })
  const disabled = Date.now()
  await until('the end', () => last.ended, 3000)
  assert.ok(last.endedAt - disabled < 1000)
  assert.equal((await listen(leaving)).status, 401)
  assert.equal((await listen(school.client())).status, 401)
})

test('notices: too many windows of one person are refused, the others go on', async () => {
  const { client } = await school.signIn('counsellor')
  const windows = await Promise.all(Array.from({ length: 6 }, () => listen(client)))
  assert.equal((await listen(client)).status, 503)
  const { client: other } = await school.signIn('counsellor2')
  const theirs = await listen(other)
  const child = await as('student2').catch(async () => (await school.signIn('student2')).client)
  await booked(child, await freeSlot(child, { counsellor: client.id }))
  for (const each of windows) assert.equal((await until('the event', () => each.events.at(-1))).kind, 'notice')
  await booked(child, await freeSlot(child, { counsellor: other.id }))
  await until('their event', () => theirs.events.length === 1)
  for (const each of [...windows, theirs]) each.close()
  await until('room again', async () => { const w = await listen(client); w.close(); return w.status === 200 })
})

test('notices: no name, reason or address in log, mail, robot’s message or stream', async () => {
  school.moveTo('10:00', 1)
  const there = await robot()
  const [keeper, hears, child] = [(await school.signIn('admin')).client, (await school.signIn('counsellor')).client, (await school.signIn('student')).client]
  school.keep('admin', keeper)
  await keeper.ok('POST', '/api/v1/notify/hooks', { kind: 'plain', name: '群', url: there.url(), urgent_only: false })
  await child.ok('PUT', '/api/v1/me/channels', { mail: addresses.student })
  const windows = await Promise.all([listen(hears), listen(child)])
  const from = mail.mails.length
  const made = await booked(child, await freeSlot(child, { counsellor: hears.id }), { reason })
  await hears.ok('POST', `/api/v1/appointments/${made.id}/cancel`)
  await until('both mails', () => mail.mails.length >= from + 2)
  assert.ok(mail.mails.some((each) => each.to.includes(addresses.student)), 'the child chose to be told')
  mail.behave = () => ({ code: 550, at: 'rcpt' })
  await booked(child, await freeSlot(child, { counsellor: hears.id }), { reason })
  await until('the bounce in the log', () => /"id":"message_failed"/.test(school.log))
  mail.behave = () => undefined
  await until('the robot', () => there.calls.length >= 2)
  await until('the events', () => windows.every((each) => each.events.length >= 1))
  const streams = windows.map((each) => { each.close(); return each.raw }).join('\n')
  const letters = mail.mails.map((each) => `${each.raw}\n${each.text}\n${each.subject}`.replaceAll(/^To: .*$/gm, '')).join('\n')
  const calls = there.calls.map((call) => JSON.stringify([call.path, call.headers, call.raw])).join('\n')
  const hidden = [child.me.name, 'student', child.id, made.id, reason, '金丝雀', '心理', '咨询', 'counsel', ...Object.values(addresses), 'right-password', 'wrong-password']
  for (const [where, text] of Object.entries({ log: school.log, letters, calls, streams }))
    for (const canary of hidden) assert.ok(!text.includes(canary), `${where} holds ${canary}`)
  for (const secret of ['right-password', addresses.counsellor, addresses.student, there.url()]) assert.ok(!(await keeper.get('/api/v1/notify/outbox')).text.includes(secret))
  if (!onPostgres) {
    const stored = ['xinyi.db', 'xinyi.db-wal'].map((file) => `${school.data}/${file}`).filter((file) => fs.existsSync(file)).map((file) => fs.readFileSync(file, 'latin1')).join('')
    for (const canary of [addresses.counsellor, addresses.student, 'right-password', there.url(), 'appointment_off']) assert.ok(!stored.includes(canary), `storage holds ${canary}`)
  }
  await hooksGone(keeper)
})
