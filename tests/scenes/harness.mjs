// Starts the real program with a school of its own on a free port, and offers what scenes need: clients, helpers, the
// audit log, the clock. On SQLite, or on PostgreSQL inside script/with-postgres.
import { execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ceremony, totp } from './crypto.mjs'
import { Client, exchange } from './http.mjs'
import { Storage } from './storage.mjs'

export { Client, exchange }
export const top = fileURLToPath(new URL('../..', import.meta.url))
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
export const onPostgres = Boolean(process.env.XINYI_TEST_POSTGRES)

// One copy of the program for the whole run: a build beside the tests must not change it under them.
let copied
export async function program() {
  if (process.env.XINYI_BIN) return process.env.XINYI_BIN
  const from = join(top, 'build/release/bin/xinyi')
  for (let tries = 0; !copied; tries += 1) {
    try {
      const folder = fs.mkdtempSync(join(tmpdir(), 'xinyi-program-'))
      fs.copyFileSync(from, join(folder, 'xinyi'))
      fs.chmodSync(join(folder, 'xinyi'), 0o755)
      process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
      await promisify(execFile)(join(folder, 'xinyi'), ['version'])
      copied = join(folder, 'xinyi')
    } catch (error) {
      if (tries > 90) throw new Error(`${from} is missing: run script/build xinyi (${error.code})`)
      await sleep(2000)
    }
  }
  return copied
}

// No server outlives a run that is stopped half-way.
const servers = new Set()
process.on('exit', () => { for (const server of servers) server.kill('SIGKILL') })
for (const [signal, status] of [['SIGTERM', 143], ['SIGINT', 130]]) process.once(signal, () => process.exit(status))

// XINYI_AT=23:50: every school begins at that hour of its day, to see that no scene depends on when it is run.
const beginsAt = process.env.XINYI_AT

export class School {
  port = 0
  log = ''
  #server
  #clients = new Map()
  #secrets = new Map()   // username -> authenticator secret, of a real school
  #steps = new Map()     // username -> last time step used
  /** `serving`: further options of `xinyi serve`. */
  constructor({ clock = false, folder, serving = [] } = {}) {
    this.serving = serving
    this.folder = folder ?? fs.mkdtempSync(join(tmpdir(), 'xinyi-scene-'))
    this.data = join(this.folder, 'data')
    this.offset = 0
    if (clock || beginsAt) {
      this.clockFile = join(this.folder, 'clock')
      this.moveClock(typeof clock === 'string' ? Math.round((Date.parse(`${clock}:00+08:00`) - Date.now()) / 1000) : 0)
      if (beginsAt && typeof clock !== 'string') this.moveTo(beginsAt)
    }
    this.storage = new Storage(this)
  }

  // -- program
  get env() {
    const out = { ...process.env }
    delete out.XINYI_DATA
    if (this.clockFile) Object.assign(out, { LD_PRELOAD: faketime, FAKETIME_TIMESTAMP_FILE: this.clockFile, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1' })
    return out
  }
  /** A command on this school: {status, stdout, stderr}. With `ok`, a failure throws. */
  async cli(args, { ok = false } = {}) {
    const all = [...args, '--data', this.data, ...this.storage.options]
    const out = await new Promise((resolve, reject) => program().then((file) =>
      execFile(file, all, { env: this.env, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
        resolve({ status: error ? error.code : 0, stdout, stderr })), reject))
    if (ok && out.status !== 0) throw new Error(`xinyi ${args.join(' ')}: ${out.status} ${out.stderr}`)
    return out
  }
  async serve() {
    const file = await program()
    this.#server = spawn(file, ['serve', '--data', this.data, '--listen', '127.0.0.1:0', ...this.serving, ...this.storage.options], { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
    const server = this.#server
    servers.add(server)
    this.ended = new Promise((resolve) => server.once('exit', (status, signal) => {
      servers.delete(server)
      resolve({ status, signal })
    }))
    this.port = await new Promise((resolve, reject) => {
      const note = (part) => {
        this.log += part
        const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(this.log.slice(mark))
        if (found) resolve(Number(found[1]))
      }
      const mark = this.log.length
      server.stdout.on('data', note)
      server.stderr.on('data', note)
      server.once('exit', (status) => reject(new Error(`xinyi serve ended with ${status}: ${this.log}`)))
      setTimeout(() => reject(new Error(`xinyi serve said nothing within 60 s: ${this.log}`)), 60_000).unref()
    })
    return this
  }
  get pid() { return this.#server?.pid }
  get url() { return `http://127.0.0.1:${this.port}` }
  /** Graceful: SIGTERM, and the exit status is the program's. */
  async stop() {
    if (!this.#server) return { status: 0 }
    this.#server.kill('SIGTERM')
    const end = await this.ended
    this.#server = undefined
    return end
  }
  async kill() {
    this.#server.kill('SIGKILL')
    await this.ended
    this.#server = undefined
  }
  async restart() {
    await this.stop()
    return this.serve()
  }
  /** Ends everything and removes the folder. */
  async remove() {
    for (const client of this.#clients.values()) client.close()
    if (this.#server) await this.stop()
    await this.storage.drop()
    if (!process.env.XINYI_KEEP) fs.rmSync(this.folder, { recursive: true, force: true })
  }

  // -- clock (only with {clock: true}, or {clock: '2026-10-13T10:00'}: begun at that time of the school's zone)
  now() { return new Date(Date.now() + this.offset * 1000) }
  moveClock(seconds) {
    if (!this.clockFile) throw new Error('this school was started without a clock of its own')
    this.offset += seconds
    fs.writeFileSync(`${this.clockFile}.new`, `${this.offset >= 0 ? '+' : ''}${this.offset}`)
    fs.renameSync(`${this.clockFile}.new`, this.clockFile)
  }

  // -- people
  client(options) { return new Client(this, options) }
  learn(username, secret) { this.#secrets.set(username, secret) }
  /** To a wall-clock time of the school's zone (Asia/Shanghai), some days from today: later days end sessions. */
  moveTo(time, days = 0) {
    const day = new Date(this.now().getTime() + 8 * 3600_000 + days * 86_400_000).toISOString().slice(0, 10)
    this.moveClock(Math.round((Date.parse(`${day}T${time}:00+08:00`) - this.now().getTime()) / 1000))
  }
  /** A code that was not used yet; waits for the next one, or moves the clock when the school has one. */
  async code(username) {
    const step = () => Math.floor(this.now().getTime() / 30_000)
    for (;;) {
      const known = this.#secrets.get(username)
      const used = this.#steps.get(username) ?? 0
      if (known) {
        const next = Math.max(step() - 1, used + 1)
        if (next <= step() + 1) {
          this.#steps.set(username, next)
          return totp(known, next)
        }
      } else if (step() > used) {
        const demo = (await this.client().get('/api/v1/demo')).json
        const now = step()
        if (now > used) {
          this.#steps.set(username, now)
          return demo.accounts.find((each) => each.username === username)?.totp_code ?? undefined
        }
      }
      if (this.clockFile) this.moveClock(30)
      else await sleep(30_000 - (Date.now() % 30_000) + 50)
    }
  }
  /** Signs in anew; the answer, whatever it is, with the client. */
  async signIn(username, { password = this.password, from, totp: digits } = {}) {
    const client = this.client({ from, username })
    const answer = await client.post('/api/v1/session', { username, password, totp: digits ?? (await this.code(username)) })
    if (answer.status === 200) client.me = answer.json
    return { client, answer }
  }
  /** The one signed-in client of an account; signs in at first use. */
  async as(username) {
    if (!this.#clients.has(username)) {
      const { client, answer } = await this.signIn(username)
      if (answer.status !== 200) throw new Error(`signing in as ${username}: ${answer}`)
      this.#clients.set(username, client)
    }
    return this.#clients.get(username)
  }
  forget(username) { this.#clients.delete(username) }
  keep(username, client) { this.#clients.set(username, client) }

  // -- a member of staff of a real school, from invitation to work
  async hire(director, { username, name, roles, gender, password = `correct horse ${username}` }, { certify = true } = {}) {
    const invited = await director.ok('POST', '/api/v1/staff', { username, name, roles, gender })
    const client = this.client({ username })
    client.me = await client.ok('POST', '/api/v1/session/first', { username, start_secret: invited.start_secret, password })
    const made = await client.ok('POST', '/api/v1/account/totp')
    this.learn(username, made.secret)
    client.me = await client.ok('PUT', '/api/v1/account/totp', { code: await this.code(username) })
    if (client.me.needs.includes('certification') && certify)
      await director.ok('POST', `/api/v1/staff/${invited.id}/certify`, { short_code: client.me.short_code, reason: '当面核对' })
    for (const due of (await client.ok('GET', '/api/v1/declarations/due')).items) await client.ok('POST', `/api/v1/declarations/${due.id}/acknowledge`, {})
    client.me = await client.ok('GET', '/api/v1/session')
    this.#clients.set(username, client)
    return client
  }

  /** Work while the server is stopped. */
  async offline(work) {
    const serving = Boolean(this.#server)
    if (serving) await this.stop()
    try {
      return await work()
    } finally {
      if (serving) await this.serve()
    }
  }
  audit = {
    /** What `xinyi audit verify` says of the whole log: {status, sound, code, events, sealed}. */
    verify: async () => {
      const out = await this.cli(['audit', 'verify', '--json'])
      return { status: out.status, ...JSON.parse(out.stdout || '{}') }
    },
    /** Events after `since` (a leaf number), oldest first; ids as UUID text. */
    events: async (filter) => this.storage.events(filter),
    size: async () => this.storage.auditSize(),
  }
}

/** A demonstration school, served. */
export async function demoSchool({ students = 60, seed = 7, clock = false, served = true, everyone = false, serving = [] } = {}) {
  const school = new School({ clock, serving })
  await school.storage.create()
  const made = JSON.parse((await school.cli(['demo', '--students', String(students), '--seed', String(seed), ...(everyone ? ['--everyone'] : []), '--json'], { ok: true })).stdout)
  school.password = made.password
  school.accounts = made.accounts
  return served ? school.serve() : school
}

/** A school as `xinyi init` leaves it, served, waiting for its director. `school.startSecret` is the director's. */
export async function newSchool({ name = '青禾中学', director = '林主任', clock = false, served = true } = {}) {
  const school = new School({ clock })
  await school.storage.create()
  const made = JSON.parse((await school.cli(['init', '--name', name, '--director', director, '--stage', 'junior', '--json'], { ok: true })).stdout)
  school.startSecret = made.start_secret
  school.id = made.school
  return served ? school.serve() : school
}

/** A real school taken through set-up by real cryptography; the director is signed in and has acknowledged. */
export async function openedSchool(options = {}) {
  const school = await newSchool(options)
  const director = school.client({ username: 'director' })
  const password = 'quiet river lantern stone'
  const claim = await director.ok('POST', '/api/v1/setup/claim', { start_secret: school.startSecret, username: 'director', password })
  const ceremony = new Ceremony()
  const [, second, third] = await ceremony.cards()
  director.me = await director.ok('POST', '/api/v1/setup/room', ceremony.message(claim, await ceremony.rebuild(second, third)))
  const made = await director.ok('POST', '/api/v1/account/totp')
  school.learn('director', made.secret)
  director.me = await director.ok('PUT', '/api/v1/account/totp', { code: await school.code('director') })
  for (const due of (await director.ok('GET', '/api/v1/declarations/due')).items) await director.ok('POST', `/api/v1/declarations/${due.id}/acknowledge`, {})
  school.keep('director', director)
  school.password = password
  return school
}

// -- helpers of the room's daily work
export const anyId = () => randomUUID()
export const anyKey = () => randomBytes(12).toString('hex')

const dayText = (date) => new Date(date.getTime() + 8 * 3600_000).toISOString().slice(0, 10)  // the school's day in Asia/Shanghai
export const today = (school, days = 0) => dayText(new Date(school.now().getTime() + days * 86_400_000))

const instant = (milliseconds) => new Date(milliseconds).toISOString().replace('.000Z', 'Z')
/** The single times of what an answer says shift by shift, soonest first: {shift_id, starts_at, ends_at, counsellor, room}. */
export const slotsOf = (shifts) =>
  shifts.flatMap(({ starts, slot_minutes, ...shift }) => starts.map((starts_at) => ({ ...shift, starts_at, ends_at: instant(Date.parse(starts_at) + slot_minutes * 60_000) })))
    .sort((a, b) => a.starts_at.localeCompare(b.starts_at))
/** Free slots as `client` sees them, soonest first; `counsellor` is an id. */
export async function freeSlots(client, { counsellor, from, to } = {}) {
  const query = new URLSearchParams(Object.entries({ from, to, counsellor_id: counsellor }).filter(([, value]) => value))
  return slotsOf((await client.ok('GET', `/api/v1/slots${query.size ? `?${query}` : ''}`)).items)
}
export async function freeSlot(client, options) {
  const [slot] = await freeSlots(client, options)
  if (!slot) throw new Error('no free slot')
  return slot
}
export const book = (client, slot, more = {}) => client.post('/api/v1/appointments', { shift_id: slot.shift_id, starts_at: slot.starts_at, ...more })
export const booked = async (client, slot, more) => {
  const answer = await book(client, slot, more)
  if (answer.status !== 201) throw new Error(`booking: ${answer}`)
  return answer.json
}
export const arrive = (client, appointment) => client.ok('POST', `/api/v1/appointments/${appointment.id ?? appointment}/arrive`)
/** A client's visit to a counsellor, booked and arrived. */
export async function visit(student, counsellor, more) {
  const appointment = await booked(student, await freeSlot(student, { counsellor: counsellor.id }), more)
  return arrive(counsellor, appointment)
}
export const openCase = (counsellor, appointment) => counsellor.ok('POST', '/api/v1/cases', { appointment_id: appointment.id ?? appointment })
export const fields = (more = {}) => ({
  session_on: '2026-09-01', way: 'face', complaint: '睡不好', process: '谈了一周的作息', assessment: '情绪稳定', risk_level: 'none', measures: '记睡眠日记', ...more,
})
/** A record begun, written and, unless `sign` is false, signed. */
export async function record(counsellor, caseId, { appointment, sign = true, ...more } = {}) {
  const begun = await counsellor.ok('POST', `/api/v1/cases/${caseId}/records`, appointment ? { appointment_id: appointment.id ?? appointment } : {})
  const saved = await counsellor.ok('PUT', `/api/v1/records/${begun.id}/draft`, { fields: fields({ session_on: begun.fields.session_on, ...more }) }, { version: begun.version })
  if (!sign) return counsellor.ok('POST', `/api/v1/records/${begun.id}/open`, {})
  return counsellor.ok('POST', `/api/v1/records/${begun.id}/sign`, undefined, { version: saved.version })
}
/** Every file below a folder. */
export function files(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path) : entry.isFile() ? [path] : []
  })
}
export const dirOf = dirname
