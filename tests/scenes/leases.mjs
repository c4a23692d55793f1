// Two server processes over one PostgreSQL database: one seals the audit log, and when it dies the other goes on.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { book, demoSchool, freeSlots, School, sleep, today } from './harness.mjs'

const lease = 45, round = 10   // seconds, as in storage/lease.hpp and app/jobs.cpp
const slack = 20               // for a machine that does other things meanwhile

const lines = (log) => log.split('\n').flatMap((line) => { try { return [JSON.parse(line)] } catch { return [] } })
/** The name under which a server process stands in the table of leases. */
const nameOf = (school) => lines(school.log).filter((line) => line.id === 'jobs_joined').at(-1)?.holder.toUpperCase()
const leases = async (school) => Object.fromEntries((await school.storage.rows('SELECT job, hex(holder) AS holder, fence FROM leases')).map((row) => [row.job, row]))
const heads = (school) => school.storage.rows('SELECT size, hex(root) AS root FROM audit_heads ORDER BY size')
const copied = (school) => (fs.existsSync(`${school.data}.heads`) ? fs.readFileSync(`${school.data}.heads`, 'utf8').trim().split('\n').map((line) => JSON.parse(line)) : [])

async function until(what, seconds, found) {
  const start = performance.now()
  for (;;) {
    const value = await found()
    if (value) return { value, seconds: (performance.now() - start) / 1000 }
    assert.ok(performance.now() - start < seconds * 1000, `${what}: not within ${seconds} s`)
    await sleep(250)
  }
}

/** Every head that anybody holds – in the database, in the files of both processes – tells the same story. */
async function oneStory(schools) {
  const roots = new Map()
  const all = [...(await heads(schools[0])), ...schools.flatMap(copied)]
  for (const { size, root } of all) {
    const known = roots.get(Number(size))
    assert.ok(!known || known === root.toUpperCase(), `two heads of size ${size}`)
    roots.set(Number(size), root.toUpperCase())
  }
  return roots.size
}

export async function takeOver() {
  const first = await demoSchool({ students: 12 })
  const second = new School()
  fs.mkdirSync(second.data)
  second.password = first.password
  second.storage = { options: [...first.storage.options, '--secrets', `${first.data}.secrets`], drop: async () => {}, rows: (sql) => first.storage.rows(sql) }
  const both = [first, second]
  try {
    await second.serve()
    await until('both take part', 30, () => nameOf(first) && nameOf(second))
    await until('the log is sealed', 30, async () => (await heads(first)).length > 0)
    const before = (await leases(first)).sealer
    const holder = both.find((school) => nameOf(school) === before.holder)
    assert.ok(holder, 'the sealer is one of the two')
    const other = both.find((school) => school !== holder)
    await sleep((round + 2) * 1000)
    assert.deepEqual((await leases(first)).sealer, before, 'both have looked again, and it has not changed hands')
    assert.ok(copied(holder).length > 0)
    assert.equal(copied(other).length, 0, 'only one seals')

    // Events through both; then the one that seals is gone, in the middle of its lease.
    for (const school of both) {
      const { client } = await school.signIn('student')
      await book(client, (await freeSlots(client, { from: today(school, 1) })).at(school === first ? -1 : -2))
      client.close()
    }
    const sealedBefore = Number((await heads(first)).at(-1).size)
    await holder.kill()
    const taken = await until('the other takes over', lease + round + slack, async () => {
      const now = (await leases(first)).sealer
      return now.holder !== before.holder && now
    })
    assert.equal(taken.value.holder, nameOf(other))
    assert.ok(Number(taken.value.fence) > Number(before.fence), 'the fencing number has risen')
    const sealed = await until('the other seals', 60 + slack, async () => Number((await heads(first)).at(-1).size) > sealedBefore)
    assert.equal((await other.client().get('/api/v1/about')).status, 200)
    assert.ok(copied(other).length > 0)
    await oneStory(both)

    // The dead one comes back under a new name and finds its work done by the other.
    await holder.serve()
    await until('it takes part again', 30, () => nameOf(holder) !== before.holder)
    await sleep((round + 2) * 1000)
    assert.equal((await leases(first)).sealer.holder, nameOf(other))

    // An operator's command seals in between; the server that seals notices, and goes on afterwards.
    const commanded = JSON.parse((await other.cli(['audit', 'head'], { ok: true })).stdout)
    assert.ok(commanded.size >= sealedBefore)
    const resumed = await until('a server seals again', 2 * round + slack, async () => both.map(nameOf).includes((await leases(first)).sealer.holder))
    const sizes = await oneStory(both)
    for (const school of both) await school.stop()
    // An orderly end lets go: what is left is sealed, and nobody has to wait.
    const [{ n: live }] = await first.storage.rows('SELECT count(*) AS n FROM leases WHERE ends_at > 0')
    assert.equal(Number(live), 0)
    for (const school of both) {
      const verified = await first.cli(['audit', 'verify', '--head', `${school.data}.heads`, '--json'])
      const said = JSON.parse(verified.stdout)
      assert.ok(verified.status === 0 && said.sound, verified.stdout)
      assert.equal(said.sealed, said.events, 'the last events are sealed')
    }
    console.log(`sealer: taken over ${taken.seconds.toFixed(0)} s after kill -9, sealed ${sealed.seconds.toFixed(0)} s later, ${sizes} heads without a fork, back after a command in ${resumed.seconds.toFixed(0)} s`)
  } finally {
    for (const school of both.toReversed()) await school.remove()
  }
}

if (process.argv[1] === import.meta.filename) await takeOver()
