// A counsellor at a desk, between two sessions: from the sign-in page to a signed and amended record.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acknowledge, demonstration, languages, pledge, signedIn, walk, workAs } from './browser.mjs'
import { begun, bookedWith, choose, part, saved } from './record.mjs'

const school = demonstration()
const names = { zh: '周敏', en: '何建国' }
const users = { zh: 'counsellor', en: 'counsellor2' }
const clients = { zh: ['student', '陈嘉禾'], en: ['student2', '陈若曦'] }
const secret = '妈妈不知道我来了这里'

/** Turns the page of the day until the booking stands there. */
async function toDay(me, visit) {
  const row = me.page.locator(`#a-${visit.id}`)
  await me.page.locator('.columns').waitFor()
  await me.settled()
  for (let turns = 0; turns < 14 && !(await row.count()); turns += 1) {
    await me.press(me.t('today.after'))
    await me.settled()
  }
  await row.waitFor()
  return row
}

for (const language of languages) {
  test(`SVC-5 in the browser: a record is written, kept, signed, amended, and its old version stays (${language})`, walk({ school, language }, async (me) => {
    const visit = await bookedWith(school(), clients[language][0], names[language], '最近总是睡不着')
    const { t } = me
    await me.go('/office/')
    await me.page.locator('.accounts button').first().waitFor()
    await me.screen('sign-in')
    await workAs(me, names[language])
    // ETH-1: nobody begins before the pledge in force is read.
    await pledge(me)
    await me.screen('today')
    const row = await toDay(me, visit)
    await row.getByText(clients[language][1]).waitFor()
    assert.equal(await me.page.getByText('最近总是睡不着').count(), 0, 'the note is closed until it is opened')
    await row.getByRole('button', { name: t('today.openReason') }).click()
    await row.getByText('最近总是睡不着').waitFor()
    await me.screen('day-reason')
    await row.getByRole('button', { name: t('today.arrive') }).click()
    await row.getByText(t('today.state.came')).waitFor()

    const start = row.getByRole('button', { name: t('today.startCase') })
    const open = row.getByRole('button', { name: t('today.openCase'), exact: true })
    await start.or(open).first().click()
    await me.title(clients[language][1])
    await me.screen('case')
    await me.page.goBack()
    await toDay(me, visit)
    await row.getByRole('button', { name: t('today.write') }).click()
    await part(me, 'process').waitFor()
    await me.screen('record-empty')

    await part(me, 'complaint').fill(secret)
    await saved(me).waitFor()
    await part(me, 'process').fill('谈了一周的作息,画出睡前两小时的时间线。')
    await saved(me).waitFor()
    await me.screen('record-draft')
    // A draft on paper is its words and that nobody has signed them, not a form.
    await me.page.emulateMedia({ media: 'print' })
    await me.see(t('cases.draftPaper'))
    assert.equal(await me.page.locator('textarea').filter({ visible: true }).count(), 0)
    await me.page.emulateMedia({ media: 'screen' })

    // The window is gone from one moment to the next: no page is asked whether it has something to save.
    await part(me, 'assessment').fill('压力主要来自考试安排。')
    await saved(me).waitFor()
    const address = me.page.url()
    await me.page.close({ runBeforeUnload: false })
    assert.deepEqual(me.faults, [])
    me.page = await me.open()
    await me.page.goto(address)
    await part(me, 'complaint').waitFor()
    assert.equal(await part(me, 'complaint').inputValue(), secret)
    assert.equal(await part(me, 'assessment').inputValue(), '压力主要来自考试安排。')

    // The line is cut while she writes; nothing is lost, and it goes on by itself.
    await me.context.setOffline(true)
    await part(me, 'measures').fill('约定睡前不看手机。')
    await me.see(t('cases.lost'))
    await me.see(t('cases.unsaved'))
    await me.accessible('record without a connection')
    await part(me, 'homework').fill('三天睡眠日记')
    await me.context.setOffline(false)
    await me.press(t('ui.retry'))
    await saved(me).waitFor()
    await me.gone(me.page.locator('.banner'))

    // A record with a gap is not signed.
    await me.press(t('cases.sign'))
    await me.see(t('cases.faults'))
    await me.screen('record-faults')
    await choose(me, 'risk_level', 'low')
    await me.press(t('cases.sign'))
    await me.page.getByRole('dialog').waitFor()
    await me.screen('record-sign')
    await me.page.getByRole('dialog').getByRole('button', { name: t('cases.sign'), exact: true }).click()
    await me.page.locator('.signed').waitFor()
    await me.see(secret)
    await me.screen('record-signed')

    await me.press(t('cases.amend'))
    await part(me, 'effect').fill('愿意继续来。')
    await me.press(t('cases.amendSave'))
    await me.page.getByRole('dialog').locator('textarea').fill('漏写了效果')
    await me.page.getByRole('dialog').getByRole('button', { name: t('cases.amendSave') }).click()
    await me.page.getByRole('heading', { name: t('cases.versions') }).waitFor()
    await me.see('愿意继续来。')
    await me.press(t('cases.version', { n: 1 }))
    await me.page.getByText('愿意继续来。').waitFor({ state: 'detached' })
    await me.screen('record-old')

    // On paper: no menu, no button, nobody's name in the address.
    await me.press(t('cases.backToCurrent'))
    await me.page.emulateMedia({ media: 'print' })
    assert.equal(await me.page.getByRole('navigation').filter({ visible: true }).count(), 0)
    await me.see(t('cases.secrecy'))
    await me.page.emulateMedia({ media: 'screen' })

    await me.page.locator('nav[aria-label], .crumbs').getByRole('link', { name: new RegExp(clients[language][1]) }).first().click()
    await me.title(clients[language][1])
    await me.button(t('cases.card')).click()
    await me.page.locator('.facts').waitFor()
    await me.screen('card')
    await me.page.evaluate(() => { globalThis.print = () => { document.documentElement.dataset.printed = 'yes' } })
    await me.press(t('ui.print'))
    await me.page.waitForFunction(() => document.documentElement.dataset.printed === 'yes')
    await me.page.emulateMedia({ media: 'print' })
    const cover = await me.page.locator('section.cover').innerText()
    assert.equal(cover.includes(clients[language][1]), false, 'the cover names nobody')
    await me.page.emulateMedia({ media: 'screen' })

    await me.page.goBack()
    await me.title(clients[language][1])
    await me.button(t('cases.looked')).click()
    await me.page.locator('table').waitFor()
    assert.ok((await me.page.locator('tbody tr', { hasText: names[language] }).count()) >= 3, 'every reading of hers stands there')
    await me.screen('looked')

    await me.turn('cases', '/c')
    await me.page.getByRole('link', { name: clients[language][1] }).first().waitFor()
    await me.screen('cases')
    for (const [nav, path, name] of [['schedule', '/g', 'duty'], ['students', '/s', 'students'], ['account', '/me', 'account']]) {
      await me.turn(nav, path)
      await me.screen(name)
    }
    await me.page.keyboard.press('F9')
    await me.page.getByText(t('frame.uncover')).first().waitFor()
    // Whoever comes in now sees a clock, and nothing of the school behind it.
    const seen = await me.page.evaluate(() => document.elementsFromPoint(innerWidth / 2, 300)[0]?.closest('dialog')?.innerText ?? '')
    assert.match(seen, /\d\d:\d\d/)
    for (const secretWord of [names[language], clients[language][1]]) assert.equal(seen.includes(secretWord), false)
    await me.keepsNothing()
  }))
}

test('a record is written and signed without a mouse', walk({ school }, async (me) => {
  const visit = await bookedWith(school(), 'student2', names.en, undefined)
  const counsellor = await school().as(users.en)
  await acknowledge(counsellor)
  const record = await begun(counsellor, visit, clients.en[1])
  const { t, page } = me
  await signedIn(me, counsellor)
  await me.go(record.address)
  await part(me, 'process').waitFor()
  const at = () => page.evaluate(() => {
    const on = document.activeElement
    const box = on?.closest('.el-input__wrapper, .el-textarea, .el-select__wrapper') ?? on
    const seen = [on, box, box?.firstElementChild].filter(Boolean).some((each) => { const style = getComputedStyle(each); return (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none' })
    return { label: document.querySelector(`label[for="${on?.id}"]`)?.textContent?.replace('*', '') ?? on?.textContent?.trim() ?? '', seen }
  })
  const reach = async (label) => {
    for (let step = 0; step < 90; step += 1) {
      await page.keyboard.press('Tab')
      const here = await at()
      if (here.label !== label) continue
      assert.ok(here.seen, `the focus is visible on ${label}`)
      return
    }
    assert.fail(`${label} is not reached by Tab`)
  }
  for (const [field, text] of [['complaint', '睡不好'], ['process', '谈作息']]) {
    await reach(t(`cases.field.${field}`))
    await page.keyboard.type(text)
  }
  await reach(t('cases.field.risk_level'))
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await reach(t('cases.field.assessment'))
  await page.keyboard.type('平稳')
  await reach(t('cases.field.measures'))
  await page.keyboard.type('再约')
  await reach(t('cases.sign'))
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await reach(t('cases.sign'))
  await page.keyboard.press('Enter')
  await page.locator('.signed').waitFor()
}))

test('SVC-2 in the browser: a walk-in gets only a time that nobody booked', walk({ school }, async (me) => {
  const { t, page } = me
  await workAs(me, names.zh)
  await pledge(me)
  await page.locator('.columns').waitFor()
  await me.settled()
  // Today somebody walks in; where today is full or over, it is a booking for another day.
  const more = me.button(t('today.walkInDo')).or(me.button(t('today.aheadDo'))).first()
  for (let turns = 0; turns < 14 && !(await more.count()); turns += 1) {
    await me.press(t('today.after'))
    await me.settled()
  }
  await more.click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('.field', { hasText: t('today.student') }).locator('input').pressSequentially('陈')
  await page.getByRole('option').first().click()
  await me.screen('walk-in')
  const before = await page.locator('.rows > li').count()
  await dialog.locator('button[type=submit]').click()
  await me.gone(dialog.locator('form'))
  await page.waitForFunction((n) => document.querySelectorAll('.rows > li').length > n, before)
}))
