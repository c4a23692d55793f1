// Who gets a slot, and who can always let it go.
import test from 'node:test'
import assert from 'node:assert/strict'
import { anyKey, arrive, book, booked, demoSchool, freeSlot, freeSlots, openCase, slotsOf, today } from './harness.mjs'

const racers = Number(process.env.XINYI_SCENE_RACERS ?? 300)

test('SVC-2 one slot, hundreds of clients, one winner; the booked come before walk-ins', async (t) => {
  const school = await demoSchool({ students: racers, clock: true })
  t.after(() => school.remove())
  school.moveTo('14:05', 1)   // within an afternoon slot of the demonstration's duty roster
  let reception = await school.as('reception')
  const [student, counsellor] = [await school.as('student'), await school.as('counsellor')]
  const everybody = []
  for (let next = ''; everybody.length < racers;) {
    const page = await reception.ok('GET', `/api/v1/students${next && `?after=${next}`}`)
    everybody.push(...page.items.map((each) => each.id))
    if (!(next = page.next)) break
  }
  assert.equal(everybody.length, racers)

  await t.test('prevent: of all who ask at once, exactly one gets it, and each loser is refused with an event', async () => {
    const slot = await freeSlot(student, { counsellor: counsellor.id, from: today(school, 3) })
    const since = await school.audit.size()
    const crowd = school.client({ sockets: 100, username: 'reception' })
    crowd.cookie = reception.cookie
    const answers = await Promise.all(everybody.map((student_id) =>
      crowd.post('/api/v1/appointments/on-behalf', { student_id, shift_id: slot.shift_id, starts_at: slot.starts_at, walk_in: false })))
    crowd.close()
    assert.equal(answers.filter((each) => each.status === 201).length, 1)
    const losers = answers.filter((each) => each.status !== 201)
    assert.deepEqual([...new Set(losers.map((each) => `${each.status} ${each.code}`))], ['409 slot_taken'])
    for (const each of losers) assert.ok(each.json.text.zh && each.json.text.en && each.json.free.length > 0)
    assert.equal((await school.audit.events({ since, act: 'appointment.booked' })).length, 1)
    assert.equal((await school.audit.events({ since, act: 'appointment.refused', outcome: 'refused' })).length, racers - 1)
    const rows = await school.storage.rows(`SELECT count(*) AS n FROM appointments WHERE shift_id = (SELECT id FROM shifts WHERE lower(hex(id)) = '${slot.shift_id.replaceAll('-', '')}') AND starts_at = ${Date.parse(slot.starts_at)}000`)
    assert.equal(Number(rows[0].n), 1)

    // guide: what the losers were told is free is free, until somebody takes it.
    const free = slotsOf(losers.at(-1).json.free)
    assert.ok(free.every((each) => !(each.shift_id === slot.shift_id && each.starts_at === slot.starts_at)))
    await booked(await school.as('student'), free[0])
    assert.equal((await book(await school.as('student2'), free[0])).code, 'slot_taken')
  })

  await t.test('prevent: the database itself refuses the second booking of a slot', async () => {
    await assert.rejects(school.storage.tamper(
      `INSERT INTO occupancy (school_id, resource, starts_at, ends_at, holder, kind) SELECT school_id, resource, starts_at, ends_at, school_id, kind FROM occupancy WHERE kind = 'counsellor' LIMIT 1`))
  })

  await t.test('prevent: two slots that overlap cannot be had by one client', async () => {
    const here = await freeSlots(student, { from: today(school, 5), to: today(school, 5) })
    const overlapping = here.flatMap((a) => here.filter((b) => a.counsellor.id !== b.counsellor.id && a.starts_at < b.ends_at && b.starts_at < a.ends_at).map((b) => [a, b]))[0]
    assert.ok(overlapping)
    const mine = await booked(student, overlapping[0])
    const refused = await book(student, overlapping[1])
    assert.equal(refused.code, 'client_busy')

    // guide: whoever books only for themselves is not offered what they could not take, neither then nor later …
    const meets = (slot) => slot.starts_at < mine.ends_at && mine.starts_at < slot.ends_at
    const offered = async (who) => (await freeSlots(who, { from: today(school, 5), to: today(school, 5) })).filter(meets).map((each) => each.shift_id)
    const alternatives = slotsOf(refused.json.free)
    assert.ok(alternatives.length > 0)
    assert.deepEqual(alternatives.filter(meets), [])
    assert.deepEqual(await offered(student), [])
    // … everybody else is, and so is whoever books for others.
    for (const who of [await school.as('student2'), reception]) assert.ok((await offered(who)).includes(overlapping[1].shift_id))
    // A cancelled appointment is in nobody's way.
    await student.ok('POST', `/api/v1/appointments/${mine.id}/cancel`)
    assert.deepEqual(new Set(await offered(student)), new Set([overlapping[0].shift_id, overlapping[1].shift_id]))
    await booked(student, overlapping[1])
  })

  await t.test('prevent: a walk-in takes only a slot that nobody booked', async () => {
    const now = (await reception.ok('GET', `/api/v1/day?counsellor_id=${counsellor.id}&date=${today(school)}`)).shifts.find((shift) => shift.starts_at <= school.now().toISOString() && shift.ends_at > school.now().toISOString())
    assert.ok(now, 'a shift is running')
    const walkIn = (student_id, starts_at) => reception.post('/api/v1/appointments/on-behalf', { student_id, shift_id: now.id, starts_at, walk_in: true })
    const running = now.starts_at
    const first = await walkIn(everybody[10], running)
    assert.equal(first.status, 201)
    assert.equal(first.json.state, 'came')
    // The next one is booked by a client who is not there yet: still not to be had.
    const next = new Date(Date.parse(running) + now.slot_minutes * 60_000).toISOString().replace('.000', '')
    await booked(await school.as('student3'), { shift_id: now.id, starts_at: next })
    const since = await school.audit.size()
    const refused = await walkIn(everybody[11], next)
    assert.equal(refused.status, 409)
    assert.equal(refused.code, 'slot_taken')
    const [event] = await school.audit.events({ since, act: 'appointment.refused' })
    assert.equal(event.outcome, 'refused')
    assert.equal(event.person, reception.id)
    // A slot that has passed is nobody's.
    school.moveClock(now.slot_minutes * 60)
    school.forget('reception')
    reception = await school.as('reception')
    assert.equal((await walkIn(everybody[12], running)).code, 'slot_past')
  })
})

test('CARE-14 a child can always cancel, and no limit refuses a booking', async (t) => {
  const school = await demoSchool({ clock: true })
  t.after(() => school.remove())
  school.moveTo('08:00', 1)
  const [student, other, counsellor] = [await school.as('student'), await school.as('student2'), await school.as('counsellor')]

  await t.test('at once, hours later, and a minute before it begins', async () => {
    const slot = await freeSlot(student, { counsellor: counsellor.id })
    const appointment = await booked(student, slot)
    assert.equal((await other.post(`/api/v1/appointments/${appointment.id}/cancel`)).code, 'not_found')
    school.moveClock((Date.parse(slot.starts_at) - school.now().getTime()) / 1000 - 60)
    school.forget('student')
    const back = await school.as('student')
    const since = await school.audit.size()
    assert.equal((await back.ok('POST', `/api/v1/appointments/${appointment.id}/cancel`)).state, 'cancelled')
    const [event] = await school.audit.events({ since, act: 'appointment.cancelled' })
    assert.equal(event.object, appointment.id)
    assert.equal(event.actor_kind, 'client')
    assert.equal(event.person, null)
    school.forget('student2')
    await booked(await school.as('student2'), slot)  // free for the next child
  })

  await t.test('after it has begun, as long as nobody noted an arrival; then it has happened', async () => {
    const child = await school.as('student3')
    const slot = await freeSlot(child, { counsellor: counsellor.id })
    const appointment = await booked(child, slot)
    school.moveClock((Date.parse(slot.starts_at) - school.now().getTime()) / 1000 + 600)
    school.forget('student3')
    assert.equal((await (await school.as('student3')).ok('POST', `/api/v1/appointments/${appointment.id}/cancel`)).state, 'cancelled')
    school.forget('counsellor')
    const came = await booked(await school.as('student4'), await freeSlot(await school.as('student4'), { counsellor: counsellor.id }))
    await arrive(await school.as('counsellor'), came)
    assert.equal((await (await school.as('student4')).post(`/api/v1/appointments/${came.id}/cancel`)).code, 'appointment_state')
  })

  await t.test('a child may book again and again', async () => {
    const child = await school.as('student5')
    for (let day = 2; day < 14; day += 1) {
      const [slot] = await freeSlots(child, { counsellor: counsellor.id, from: today(school, day), to: today(school, day) })
      assert.equal((await book(child, slot, { urgent: true })).status, 201)
    }
  })

  await t.test('the words of a cancelled visit are destroyed with it; those in a case stay', async () => {
    for (const who of ['child', 'reception']) {
      school.moveClock(3 * 3600)
      for (const name of ['student4', 'counsellor', 'reception']) school.forget(name)
      const [child, reader, reception] = [await school.as('student4'), await school.as('counsellor'), await school.as('reception')]
      const slots = await freeSlots(child, { counsellor: counsellor.id, from: today(school, 1), to: today(school, 3) })
      const units = async () => Number((await school.storage.rows('SELECT count(*) AS n FROM unit_keys'))[0].n)
      const before = await units()
      const [appointment, kept] = [await booked(child, slots.at(-1), { reason: '和室友吵架了' }), await booked(child, slots.at(-3), { reason: '想继续聊' })]
      assert.equal(await units(), before + 2)
      assert.equal((await reader.ok('POST', `/api/v1/appointments/${appointment.id}/reason/open`, {})).reason, '和室友吵架了')
      await openCase(reader, kept)  // the case takes the words over
      const stored = async (id) => (await school.storage.rows(`SELECT reason IS NOT NULL AS words, reason_unit IS NOT NULL AS unit FROM appointments WHERE hex(id) = '${id.replaceAll('-', '').toUpperCase()}'`))[0]
      assert.deepEqual([Boolean((await stored(appointment.id)).words), Boolean((await stored(appointment.id)).unit)], [true, true])
      for (const each of [appointment, kept]) await (who === 'child' ? child : reception).ok('POST', `/api/v1/appointments/${each.id}/cancel`)
      assert.deepEqual([Boolean((await stored(appointment.id)).words), Boolean((await stored(appointment.id)).unit)], [false, false], who)
      assert.equal(await units(), before + 1, 'its unit secret is gone')
      const since = await school.audit.size()
      assert.equal((await reader.post(`/api/v1/appointments/${appointment.id}/reason/open`, {})).code, 'not_found')
      assert.deepEqual(await school.audit.events({ since, act: 'appointment.reason_opened' }), [], 'nothing was opened')
      assert.equal((await reader.ok('POST', `/api/v1/appointments/${kept.id}/reason/open`, {})).reason, '想继续聊')
    }
  })

  await t.test('an appointment cancelled twice by a nervous finger answers alike', async () => {
    const child = await school.as('student6')
    const appointment = await booked(child, await freeSlot(child))
    const key = anyKey()
    const once = await child.post(`/api/v1/appointments/${appointment.id}/cancel`, undefined, { key })
    const twice = await child.post(`/api/v1/appointments/${appointment.id}/cancel`, undefined, { key })
    assert.equal(once.text, twice.text)
    assert.equal(once.json.state, 'cancelled')
  })
})
