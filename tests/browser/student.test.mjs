// A student with a phone, from the sign-in page, with nothing but what stands on the screen.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { book, freeSlots } from '../scenes/harness.mjs'
import { demonstration, languages, visitor, walk } from './browser.mjs'

const school = demonstration()
const names = { zh: '陈嘉禾', en: '陈若曦' }

async function signIn(me) {
  const { t, page } = me
  await me.go('/')
  await me.title(t('frame.welcome'))
  await me.screen('welcome')
  await me.link(t('frame.signIn')).or(me.button(t('frame.signIn'))).click()
  await me.page.getByRole('button', { name: names[me.language] }).waitFor()
  await me.screen('sign-in')
  await page.getByRole('button', { name: names[me.language] }).click()
  await me.press(t('identity.signIn'))
  // What one is told before the first booking is read once.
  const read = me.button(t('identity.gotIt'))
  const hello = page.getByRole('heading', { level: 1, name: t('frame.hello', { name: names[me.language] }) })
  await read.or(hello).first().waitFor()
  if (await read.count()) {
    await me.screen('notice')
    await read.click()
  }
  await hello.waitFor()
}

for (const language of languages) {
  test(`a student books with a reason, finds the time, cancels, and sees who looked (${language})`, walk({ school, language, size: 'phone', app: 'portal' }, async (me) => {
    const { t, page } = me
    await signIn(me)
    await me.screen('home')

    await me.button(t('frame.book')).or(me.link(t('frame.book'))).click()
    await me.title(t('booking.whichDay'))
    await me.screen('book-day')
    await page.locator('button.choice').nth(1).click()
    await me.title(t('booking.whichTime'))
    await me.screen('book-time')
    await page.locator('button.choice').first().click()
    await me.title(t('booking.check'))
    await me.write(t('booking.reason'), '想聊聊考试以前睡不着的事')
    await page.getByRole('switch', { name: t('booking.urgent') }).click()
    // Whoever is in a hurry is told when somebody reads it, and where help is now.
    await page.getByRole('link', { name: /12356/ }).waitFor()
    await me.screen('book-check')
    await me.press(t('booking.confirm'))
    await me.title(t('booking.done'))
    const when = await page.locator('.when').innerText()
    await me.screen('book-done')

    await me.button(t('booking.mine')).or(me.link(t('booking.mine'))).click()
    await me.title(t('booking.mine'))
    await me.see(when)
    await me.screen('mine')
    assert.equal(page.url().includes('考试'), false, 'no address holds what was written')
    await page.locator('li.card', { hasText: when }).getByRole('button', { name: t('booking.cancel'), exact: true }).click()
    await me.screen('cancel')
    await me.press(t('booking.cancelYes'))
    await me.see(t('booking.cancelled'))
    await me.screen('cancelled')

    await me.go('/')
    await me.link(t('frame.looked')).click()
    await me.title(t('looked.title'))
    await me.screen('looked')
    assert.equal(await page.locator('.card').count() > 0, true)
  }))

  test(`help and the way out need no account (${language})`, async () => {
    const me = await visitor(school(), { language, size: 'phone', app: 'portal' })
    const { t, page } = me
    await me.go('/')
    await me.link(t('frame.help')).click()
    await me.title(t('help.title'))
    for (const number of ['12356', '110', '120']) assert.equal(await page.locator(`a[href="tel:${number}"]`).count(), 1, number)
    await me.see('综合楼二层 203 心理辅导室')
    await me.screen('help')
    assert.deepEqual(me.sent.filter((each) => !/^GET \/api\/v1\/(about|session)$/.test(each)), [], 'asking for help tells the server nothing')
    await me.leave()

    const signed = await visitor(school(), { language, size: 'phone', app: 'portal' })
    await signIn(signed)
    await signed.link(signed.t('frame.looked')).click()
    await signed.title(signed.t('looked.title'))
    await signed.press(signed.t('frame.exit'))
    await signed.page.waitForURL((url) => url.origin !== signed.base)
    assert.ok(signed.sent.includes('DELETE /api/v1/session'), 'the way out signs out')
    await signed.page.goBack().catch(() => undefined)
    await signed.page.waitForLoadState()
    assert.equal(await signed.page.getByText(names[language]).count(), 0, 'going back shows nobody')
    await signed.leave()
  })
}

test('SVC-2 in the browser: a time that somebody took a moment ago is said kindly, and the words are still there', walk({ school, size: 'phone', app: 'portal' }, async (first) => {
  const { t, page } = first
  await signIn(first)
  await first.go('/b')
  await page.locator('button.choice').last().click()
  await page.locator('button.choice').first().click()
  await first.write(t('booking.reason'), '写了很久的话')
  // Meanwhile somebody else, over the same door as everybody, takes it.
  const other = await school().as('student2')
  const [date, time] = (await page.locator('.when').getAttribute('title')).split(' ').filter((part) => /\d/.test(part))
  const slots = await freeSlots(other, { from: date, to: date })
  const at = Date.parse(`${date}T${time}:00+08:00`)
  for (const slot of slots.filter((each) => Date.parse(each.starts_at) === at)) assert.equal((await book(other, slot)).status, 201)
  await first.press(t('booking.confirm'))
  await first.see(t('booking.taken'))
  await first.screen('book-taken')
  await page.locator('button.choice').first().click()
  await page.locator('button.choice').first().click()
  assert.equal(await first.field(t('booking.reason')).inputValue(), '写了很久的话')
  await first.press(t('booking.confirm'))
  await first.title(t('booking.done'))
}))

test('booking needs no mouse', walk({ school, app: 'portal' }, async (me) => {
  const { t, page } = me
  await signIn(me)
  await me.go('/')
  await me.title(t('frame.hello', { name: names.zh }))
  /** Tabs until what is wanted has the focus, which must be visible. */
  const reach = async (wanted) => {
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const on = document.activeElement
        const style = on && getComputedStyle(on.matches(':focus-visible') && on.tagName === 'INPUT' && on.type === 'radio' ? on.nextElementSibling : on.closest('.van-cell') ?? on)
        return { text: (on?.innerText || on?.getAttribute('aria-label') || on?.id || '').trim(), classes: on?.className ?? '', ring: style?.outlineStyle !== 'none' && style?.outlineWidth !== '0px' }
      })
      if (wanted(at)) {
        assert.ok(at.ring, `the focus is visible on ${at.text}`)
        return
      }
    }
    assert.fail('not reached by Tab')
  }
  await reach((at) => at.text === t('frame.book'))
  await page.keyboard.press('Enter')
  await me.title(t('booking.whichDay'))
  await reach((at) => at.classes.includes('choice'))
  await page.keyboard.press('Enter')
  await me.title(t('booking.whichTime'))
  await reach((at) => at.classes.includes('choice'))
  await page.keyboard.press('Enter')
  await me.title(t('booking.check'))
  await reach((at) => at.text === 'reason')
  await page.keyboard.type('只用键盘')
  await reach((at) => at.text === t('booking.confirm'))
  await page.keyboard.press('Enter')
  await me.title(t('booking.done'))
}))
