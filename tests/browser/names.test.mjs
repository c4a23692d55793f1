// Names of any length and rare characters never break a screen: 360 pixels wide, in every place where a name stands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { booked, freeSlot, openCase, record, today } from '../scenes/harness.mjs'
import { acknowledge, demonstration, languages, signedIn, visitor, walk } from './browser.mjs'

const school = demonstration()
// Thirty characters without a place to break; characters beyond the first plane; a long name in letters.
const long = { student: '欧阳司徒上官慕容诸葛东方皇甫尉迟公孙令狐宇文长孙鲜于闾丘亓官', staff: '𬍛䶮㛃𪨰·买买提江·阿不都热西提·艾力亚斯·吐尔逊', latin: 'Maximiliane-Alexandrina-Wilhelmine' }
const className = '七年级(12)班·拔尖创新人才早期培养实验班'
const room = '综合楼二层东侧临时调整使用的第三个别心理辅导室(原图书馆)'

/** A student, a counsellor and a room with such names, and a visit that brings them together. */
async function people() {
  const director = await school().as('director')
  await acknowledge(director)
  const roster = `姓名,学号,班级,性别\n${long.student},20260000000000000001,${className},女\n${long.latin},20260000000000000002,${className},男\n`
  const upload = await director.ok('PUT', '/api/v1/roster/uploads?name=roster.csv', undefined, { raw: Buffer.from(roster) })
  await director.ok('POST', `/api/v1/roster/uploads/${upload.id}/import`, {})
  const she = await school().hire(director, { username: 'a.user.name.as.long.as.the.form.takes.it', name: long.staff, roles: ['counsellor'], gender: 'female' })
  const place = await director.ok('POST', '/api/v1/rooms', { name: room, function: 'individual', capacity: 3 })
  await director.ok('POST', '/api/v1/shifts', { counsellor_id: she.id, room_id: place.id, date: today(school()), starts: '12:00', ends: '17:20', slot_minutes: 40 })
  const student = (await director.ok('GET', `/api/v1/students?search=${encodeURIComponent(long.student)}`)).items[0]
  const start = await director.ok('POST', `/api/v1/students/${student.id}/start-secret`)
  const child = school().client({ username: start.username })
  child.me = await child.ok('POST', '/api/v1/session/first', { username: start.username, start_secret: start.start_secret, password: '小河 灯笼 石头' })
  const visit = await booked(child, await freeSlot(child, { counsellor: she.id }), { reason: '𬍛'.repeat(400) })
  await booked(child, await freeSlot(child, { counsellor: she.id }), { urgent: true })
  await she.ok('POST', `/api/v1/appointments/${visit.id}/arrive`)
  const file = await openCase(she, visit)
  await record(she, file.id, { appointment: visit, complaint: '长'.repeat(300), process: long.latin.repeat(20) })
  return { director, she, child, file, visit }
}
let met
const all = () => (met ??= people())

/** Nothing sticks out of the screen: what does is told at the end of the walk. */
async function whole(me, name) {
  const before = me.page.viewportSize()
  await me.page.setViewportSize({ width: 360, height: 740 })
  await me.settled()
  const out = await me.page.evaluate(() => [...document.querySelectorAll('body *')].filter((each) => {
    const box = each.getBoundingClientRect()
    const style = getComputedStyle(each)
    if (box.width <= 1 || box.height <= 1 || style.visibility === 'hidden' || each.closest('.x-hidden, .skip, [inert]')) return false
    for (let at = each.parentElement; at; at = at.parentElement) if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(at).overflowX) && at !== document.body) return false
    return box.right > innerWidth + 1 || box.left < -1
  }).map((each) => each.outerHTML.slice(0, 120)))
  if (out.length) me.faults.push(`${name} at 360: ${out.join(' ')}`)
  await me.page.setViewportSize(before)
  await me.screen(name)
}

for (const language of languages) {
  test(`long names and rare characters on every screen of the office (${language})`, walk({ school, language }, async (me) => {
    const { t, page } = me
    const { director, she, file, visit } = await all()
    await signedIn(me, she)
    await me.go('/office/d')
    const row = page.locator(`#a-${visit.id}`)
    await row.waitFor()
    await row.getByText(long.student).waitFor()
    await whole(me, 'names-day')
    const coming = page.locator('.rows > li').filter({ has: page.getByRole('button', { name: t('today.arrive') }) }).first()
    await coming.getByText(long.student).waitFor()
    for (const [path, name] of [['', 'case'], ['/k', 'card'], ['/w', 'looked']]) {
      await me.go(`/office/c/${file.id}${path}`)
      await page.getByText(long.student).first().waitFor()
      await whole(me, `names-${name}`)
    }
    await me.go(`/office/c/${file.id}`)
    await page.locator('main a[href*="/r/"]').first().click()
    await page.locator('.signed').waitFor()
    await whole(me, 'names-record')
    for (const [path, name] of [['/c', 'cases'], ['/g', 'duty'], ['/g?p=rooms', 'rooms'], ['/s?q=2026000000000000000', 'students'], ['/me', 'account']]) {
      await me.go(`/office${path}`)
      await page.locator('#page-title').waitFor()
      await whole(me, `names-${name}`)
    }
    const leader = await visitor(school(), { language })
    await signedIn(leader, director)
    for (const [path, name] of [['/d', 'director-day'], ['/t', 'staff'], ['/g', 'director-duty']]) {
      await leader.go(`/office${path}`)
      await leader.page.getByText(long.staff).first().waitFor({ state: 'attached' })
      await whole(leader, `names-${name}`)
    }
    await leader.leave()
  }))

  test(`long names and rare characters on every screen of the portal (${language})`, walk({ school, language, app: 'portal', size: 'phone' }, async (me) => {
    const { t, page } = me
    const { child } = await all()
    await signedIn(me, child)
    await me.go('/')
    await me.title(t('frame.hello', { name: long.student }))
    await whole(me, 'names-home')
    await me.go('/m')
    await me.see(long.staff)
    await whole(me, 'names-mine')
    await page.getByRole('button', { name: t('booking.cancel'), exact: true }).first().click()
    await whole(me, 'names-cancel')
    await me.go('/w')
    await me.see(long.staff)
    await whole(me, 'names-looked')
    await me.go('/b')
    await page.locator('button.choice').first().click()
    await me.title(t('booking.whichTime'))
    await me.see(long.staff)
    await whole(me, 'names-time')
    await page.locator('button.choice', { hasText: long.staff }).first().click()
    await me.title(t('booking.check'))
    await me.write(t('booking.reason'), '𬍛䶮'.repeat(200))
    await whole(me, 'names-check')
  }))
}
