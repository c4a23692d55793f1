// Where a test must look at storage itself: read-only, beside the running program, in SQLite or PostgreSQL.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { uuidText } from './crypto.mjs'

const run = promisify(execFile)
const app = process.env.XINYI_TEST_POSTGRES
const owner = process.env.XINYI_TEST_POSTGRES_OWNER
const partsOf = (text) => Object.fromEntries(text.split(/\s+/).map((pair) => pair.split('=')))

export class Storage {
  constructor(school) {
    this.school = school
    this.name = app ? `xinyi_scene_${randomBytes(6).toString('hex')}` : undefined
  }
  get postgres() { return Boolean(app) }
  /** What the program is told about the database. */
  get options() {
    if (!app) return []
    const url = (parts) => `postgresql://${parts.user}@/${this.name}?host=${encodeURIComponent(parts.host)}`
    return ['--database', url(partsOf(app)), '--database-owner', url(partsOf(owner))]
  }
  async #psql(database, sql, user = partsOf(owner).user) {
    const { stdout } = await run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', partsOf(app).host, '-U', user, '-d', database, '-c', sql], { maxBuffer: 64 << 20 })
    return stdout
  }
  async create() { if (app) await this.#psql('postgres', `CREATE DATABASE ${this.name}`) }
  async drop() { if (app) await this.#psql('postgres', `DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`) }

  /** Rows of a SELECT as objects. Write ids as hex(column). */
  async rows(sql) {
    if (app) {
      // The server's own superuser: row security would hide every school from the others.
      const text = await this.#psql(this.name, `SELECT coalesce(json_agg(t), '[]') FROM (${sql.replace(/\bhex\((\w+)\)/g, "upper(encode($1, 'hex'))")}) t`, 'xinyi_super')
      return JSON.parse(text)
    }
    const { stdout } = await run('sqlite3', ['-readonly', '-json', '-cmd', '.timeout 10000', join(this.school.data, 'xinyi.db'), sql], { maxBuffer: 64 << 20 })
    return stdout.trim() ? JSON.parse(stdout) : []
  }
  /** Runs a statement that should be refused, as whoever holds the database itself. */
  async tamper(sql) {
    if (app) return this.#psql(this.name, sql, 'xinyi_super')
    return (await run('sqlite3', ['-cmd', '.timeout 10000', join(this.school.data, 'xinyi.db'), sql])).stdout
  }
  /** All of the database as PostgreSQL's own dump writes it. */
  async dump() { return (await run('pg_dump', ['-h', partsOf(app).host, '-U', 'xinyi_super', this.name], { maxBuffer: 256 << 20 })).stdout }
  async auditSize() { return Number((await this.rows('SELECT count(*) AS n FROM audit_events'))[0].n) }
  async events({ since = 0, act, object, outcome } = {}) {
    const rows = await this.rows(`SELECT number, at, actor_kind, hex(actor_person) AS person, hex(actor_client) AS client, act, object_kind, hex(object_id) AS object, hex(about) AS about, outcome, why_sealed IS NOT NULL AS has_why FROM audit_events WHERE number >= ${since} ORDER BY number`)
    const id = (hex) => (hex ? uuidText(Buffer.from(hex, 'hex')) : null)
    return rows
      .map((row) => ({ ...row, has_why: Boolean(row.has_why), person: id(row.person), client: id(row.client), object: id(row.object), about: id(row.about) }))
      .filter((row) => (!act || row.act === act) && (!object || row.object === object) && (!outcome || row.outcome === outcome))
  }
}
