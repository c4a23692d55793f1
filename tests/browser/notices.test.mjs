// Being told: the bell that counts while one looks, the list, one's own address, and the school's settings.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { booked, demoSchool, freeSlots } from '../scenes/harness.mjs'
import { deadPort, mailServer, mailSettings, setMail, until } from '../scenes/notices_kit.mjs'
import { close, languages, morning, pledge, walk, workAs } from './browser.mjs'

let school, mail
before(async () => {
  school = await demoSchool({ clock: morning })
  // Before the walks, so that the interface and the browser do not want the same code.
  for (const username of ['admin', 'counsellor']) await school.as(username)
  mail = await mailServer({ login: { user: 'office', password: 'right-password' } })
})
after(async () => {
  await close()
  await school?.remove()
  await mail?.close()
})
/** Mail as the school has it once it is set up. */
async function offered() {
  const admin = await school.as('admin')
  await setMail(admin, mailSettings(mail, { username: 'office', password: 'right-password' }))
}
const input = (me, label) => me.page.locator('.field', { hasText: label }).locator('input, textarea').first()
const names = { zh: '陈嘉禾', en: '陈若曦' }
const accounts = { zh: 'student', en: 'student2' }

for (const language of languages) {
  test(`the administrator sets up mail, reads in words what is wrong, and then it works (${language})`, walk({ school: () => school, language }, async (me) => {
    const { t, page } = me
    await workAs(me, school.accounts.find((each) => each.username === 'admin').name)
    await me.link(t('frame.nav.notify')).first().click()
    await me.title(t('notices.settings'))
    await me.screen('notify-empty')
    const panel = page.locator('section', { has: page.locator('#mail-title') })
    await input(me, t('notices.host')).fill('127.0.0.1')
    await panel.locator('.el-select').click()
    await page.getByRole('option', { name: t('notices.securities.none') }).click()
    await input(me, t('notices.port')).fill(String(mail.port))
    await input(me, t('notices.username')).fill('office')
    await input(me, t('notices.password')).fill('wrong-password')
    await input(me, t('notices.senderName')).fill('心理咨询室')
    await panel.locator('input[placeholder="notice@example.org"]').fill('notice@school.example')
    await panel.getByRole('button', { name: t('ui.save') }).click()
    await panel.getByRole('alert').waitFor()
    await me.screen('notify-telling')
    await input(me, t('notices.senderName')).fill(t('notices.senderExample'))
    await panel.getByRole('button', { name: t('ui.save') }).click()
    await panel.getByText(t('notices.saved'), { exact: true }).waitFor()
    await input(me, t('notices.testTo')).fill('it@school.example')
    await panel.getByRole('button', { name: t('notices.test') }).click()
    await panel.getByRole('alert').waitFor()
    await me.screen('notify-wrong-password')
    await input(me, t('notices.password')).fill('right-password')
    await panel.getByRole('button', { name: t('ui.save') }).click()
    await panel.getByText(t('notices.saved'), { exact: true }).waitFor()
    assert.equal(await input(me, t('notices.password')).inputValue(), '', 'not shown again')
    const from = mail.mails.length
    await panel.getByRole('button', { name: t('notices.test') }).click()
    await panel.getByText(t('notices.testSent', { to: 'it@school.example' })).waitFor()
    assert.deepEqual(mail.mails[from].to, ['it@school.example'])
    // A robot, and one that cannot be reached.
    const robots = page.locator('section', { has: page.locator('#hooks-title') })
    await robots.locator('input[maxlength="60"]').fill('办公室')
    await robots.locator('input[maxlength="1000"]').fill(`http://127.0.0.1:${await deadPort()}/x`)
    await robots.getByRole('button', { name: t('ui.add') }).click()
    await page.getByRole('rowheader', { name: '办公室' }).waitFor()
    await page.getByRole('button', { name: `${t('notices.test')} 办公室` }).click()
    await robots.getByRole('alert').waitFor()
    await me.screen('notify-hook')
    await page.getByRole('button', { name: `${t('notices.drop')} 办公室` }).click()
    await me.gone(page.getByRole('rowheader', { name: '办公室' }))
  }))

  test(`a counsellor sees the bell count while she looks, reads the list, and chooses mail (${language})`, walk({ school: () => school, language }, async (me) => {
    const { t, page } = me
    await offered()
    await workAs(me, school.accounts.find((each) => each.username === 'counsellor').name)
    await pledge(me)
    const bell = page.locator('a.bell')
    await bell.waitFor()
    const student = await school.as(accounts[language])
    const counsellor = (await freeSlots(student)).map((each) => each.counsellor).find((each) => each.name === school.accounts.find((one) => one.username === 'counsellor').name)
    const before = Number((await bell.innerText()) || 0)
    const [slot] = await freeSlots(student, { counsellor: counsellor.id })
    const made = await booked(student, slot)
    await until('the count', async () => Number((await bell.innerText()) || 0) === before + 1, 3000)
    assert.match(await page.locator('[aria-live=polite]').first().innerText(), new RegExp(t('notices.arrived')))
    assert.equal(await bell.getAttribute('aria-label'), t('notices.bellNew', { n: before + 1 }))
    await bell.focus()
    await page.keyboard.press('Enter')
    await me.title(t('notices.title'))
    await page.locator('li.fresh').first().waitFor()
    await me.screen('notices')
    await me.press(t('notices.readAll'))
    await until('all read', async () => (await page.locator('li.fresh').count()) === 0)
    assert.equal(await bell.innerText(), '')
    await input(me, t('notices.mail')).fill('she@example.org')
    await me.press(t('ui.save'))
    await me.see(t('notices.saved'))
    await student.ok('POST', `/api/v1/appointments/${made.id}/cancel`)
    await page.locator('li.fresh').first().waitFor()
  }))

  test(`a student reads notices in the portal and decides about mail (${language})`, walk({ school: () => school, language, size: 'phone', app: 'portal' }, async (me) => {
    const { t, page } = me
    await offered()
    await me.go('/in')
    await page.getByRole('button', { name: names[language] }).click()
    await me.press(t('identity.signIn'))
    const read = me.button(t('identity.gotIt'))
    const hello = page.getByRole('heading', { level: 1, name: t('frame.hello', { name: names[language] }) })
    await read.or(hello).first().waitFor()
    if (await read.count()) await read.click()
    await hello.waitFor()
    await page.locator('a.bell').click()
    await me.title(t('notices.title'))
    await me.see(t('notices.none'))
    await me.screen('notices-empty')
    const student = await school.as(accounts[language])
    const counsellor = await school.as('counsellor')
    const made = await booked(student, (await freeSlots(student, { counsellor: counsellor.id })).at(-1))
    await counsellor.ok('POST', `/api/v1/appointments/${made.id}/cancel`)
    await page.locator('li.card').first().waitFor()
    await me.screen('notices')
    await me.press(t('notices.readAll'))
    await me.gone(page.locator('.fresh'))
    await me.write(t('notices.mail'), 'not an address')
    await me.press(t('notices.save'))
    await page.getByRole('alert').waitFor()
    await me.write(t('notices.mail'), 'child@example.org')
    await me.press(t('notices.save'))
    await me.see(t('notices.saved'))
    await me.screen('notices-mail')
  }))
}
