// First days: a school's, a colleague's, a student's – from a start secret to the first page of the work.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { demoSchool, newSchool } from '../scenes/harness.mjs'
import { totp } from '../scenes/crypto.mjs'
import { close, field, languages, morning, pledge, visitor, walk, workAs } from './browser.mjs'

after(close)
const password = 'quiet river lantern stone'
const colleagues = { zh: '欧阳蓁蓁', en: 'Zhenzhen Ouyang' }

/** A school of its own for one walk. */
const inSchool = (make, options, work) => async (context) => {
  const school = await make({ clock: morning })
  try {
    await walk({ school: () => school, ...options }, (me) => work(me, school))(context)
  } finally {
    await school.remove()
  }
}
/** Types the secret into an authenticator and its six digits back. */
async function authenticate(me) {
  const typed = me.page.locator('code.mono')
  await typed.waitFor()
  await me.screen('totp')
  const secret = (await typed.innerText()).replace(/\s/g, '')
  await field(me, me.t('identity.totp3')).fill('000000')
  await me.press(me.t('identity.confirm'))
  await me.page.getByRole('alert').waitFor()
  await field(me, me.t('identity.totp3')).fill(totp(secret, Math.floor(me.school.now() / 30_000)))
  await me.press(me.t('identity.confirm'))
}

/** The director writes the start secret down; it is shown once. */
async function invite(me, name) {
  const { t, page } = me
  await me.turn('staff', '/t')
  await me.screen('staff')
  await me.press(t('people.invite'))
  const dialog = page.getByRole('dialog')
  await field(me, t('people.name')).fill(name)
  await field(me, t('people.username')).fill('ouyang')
  await dialog.getByText(t('people.role.counsellor'), { exact: true }).click()
  await me.screen('invite')
  await dialog.getByRole('button', { name: t('people.invite') }).click()
  const secret = await dialog.locator('.secret').innerText()
  await me.screen('invited')
  await dialog.getByRole('button', { name: t('people.secretDone') }).click()
  await me.gone(dialog.locator('.secret'))
  assert.equal(await page.getByText(secret).count(), 0, 'shown once')
  return secret
}

/** The colleague, up to the short code on her screen. */
async function firstSignIn(she, secret) {
  const { t, page } = she
  await she.go('/office/')
  await page.getByRole('link', { name: t('identity.toFirst') }).click()
  await she.title(t('identity.first'))
  await she.press(t('identity.begin'))
  await she.see(t('ui.required'))
  await field(she, t('identity.username')).fill('ouyang')
  await field(she, t('identity.startSecret')).fill(`${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`)
  await page.locator('input[type=password]').nth(0).fill(password)
  await page.locator('input[type=password]').nth(1).fill(`${password}s`)
  await she.press(t('identity.begin'))
  await she.see(t('identity.differ'))
  await page.locator('input[type=password]').nth(1).fill(password)
  await she.press(t('identity.begin'))
  await page.getByRole('alert').waitFor()
  await she.screen('first')
  await field(she, t('identity.startSecret')).fill(secret)
  await she.press(t('identity.begin'))
  await authenticate(she)
  // ETH-1: the pledge comes before anything else, and whoever has read it waits for the director.
  assert.equal(await pledge(she, '.code'), true)
  await she.screen('waiting')
  return page.locator('.code').innerText()
}

/** Face to face: a wrong code is refused, the right one opens the door. */
async function certify(me, name, short) {
  const { t, page } = me
  const dialog = page.getByRole('dialog')
  await page.reload()
  const row = page.locator('tr', { hasText: name })
  await row.getByRole('button', { name: t('people.certify') }).click()
  await field(me, t('people.shortCode')).fill('0000-0000')
  await dialog.locator('textarea').fill('当面核对')
  await dialog.getByRole('button', { name: t('people.certify') }).click()
  await dialog.getByRole('alert').waitFor()
  await me.screen('certify')
  await field(me, t('people.shortCode')).fill(short)
  await dialog.getByRole('button', { name: t('people.certify') }).click()
  await row.getByText(t('people.state.active')).waitFor()
}

/** Claim, cards, two typed back, authenticator, pledge. */
async function setUp(me, school) {
  const { t, page } = me
  await me.go('/office/')
  await me.title(t('setup.title.claim'))
  await me.screen('setup-claim')
  await field(me, t('setup.secret')).fill(school.startSecret)
  await field(me, t('identity.username')).fill('director')
  await page.locator('input[type=password]').nth(0).fill(password)
  await page.locator('input[type=password]').nth(1).fill(password)
  await me.press(t('setup.go'))
  await me.title(t('setup.title.cards'))
  // A reload in the middle does not lock the director out; the cards of before are worth nothing.
  const [early] = await page.locator('.card .text').allInnerTexts()
  page.once('dialog', (dialog) => dialog.accept())
  await page.reload()
  await me.title(t('setup.title.cards'))
  // Nor does a session that is gone: the chosen password leads back to the cards.
  await page.context().clearCookies()
  page.once('dialog', (dialog) => dialog.accept())
  await page.reload()
  await me.title(t('setup.title.claim'))
  await me.press(t('setup.begunBefore'))
  await field(me, t('identity.username')).fill('director')
  await page.locator('input[type=password]').fill(password)
  await me.screen('setup-resume')
  await me.press(t('setup.goOn'))
  await me.title(t('setup.title.cards'))
  await me.screen('setup-cards')
  const cards = await page.locator('.card .text').allInnerTexts()
  assert.equal(cards.length, 3)
  assert.ok(!cards.includes(early))
  const { length } = me.sent
  await page.getByText(t('setup.cardsKept')).click()
  await me.press(t('setup.toProof'))
  const boxes = page.locator('textarea')
  await boxes.nth(0).fill(cards[0])
  await boxes.nth(1).fill(cards[0])
  await me.press(t('setup.finish'))
  await me.see(t('setup.card.same'))
  await me.screen('setup-same-card')
  await boxes.nth(1).fill(cards[2].replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))
  await me.see(t('setup.card.mistyped'))
  assert.equal(me.sent.length, length, 'no card leaves the browser')
  await boxes.nth(1).fill(cards[2])
  await me.screen('setup-proof')
  await me.press(t('setup.finish'))
  await me.title(t('setup.title.done'))
  await me.screen('setup-done')
  await me.press(t('setup.enter'))
  await authenticate(me)
  await pledge(me)
}

/** A term, a room, and the first hours of duty. */
async function planDuty(me, name) {
  const { t, page } = me
  const words = me.language === 'zh' ? { term: '第一学期', room: '个体咨询室' } : { term: 'Autumn term', room: 'Room one' }
  await me.turn('schedule', '/g')
  await me.press(t('schedule.part.terms'))
  await me.press(t('ui.add'))
  await me.see(t('ui.required'))
  await me.screen('term-empty')
  await field(me, t('schedule.name')).fill(words.term)
  for (const [label, date] of [['from', '2026-09-01'], ['to', '2027-01-22']]) {
    await field(me, t(`schedule.${label}`)).fill(date)
    await page.keyboard.press('Enter')
  }
  await me.press(t('ui.add'))
  await page.locator('tr', { hasText: words.term }).waitFor()
  await me.screen('terms')
  await me.press(t('schedule.part.rooms'))
  await me.see(t('schedule.noRooms'))
  await field(me, t('schedule.name')).fill(words.room)
  await me.press(t('ui.add'))
  await page.locator('tr', { hasText: words.room }).waitFor()
  await me.screen('rooms')
  await me.press(t('schedule.part.shifts'))
  await me.press(t('schedule.addShift'))
  const dialog = page.getByRole('dialog')
  await me.screen('shift')
  const pick = async (label, option) => {
    await dialog.locator('.field', { hasText: label }).locator('.el-select__wrapper').click()
    await page.getByRole('option', { name: option }).click()
  }
  await pick(t('schedule.counsellor'), name)
  await pick(t('schedule.room'), words.room)
  await dialog.getByRole('button', { name: t('ui.save') }).click()
  await me.gone(dialog.locator('form'))
  await page.locator('.shift', { hasText: name }).waitFor()
  await me.screen('duty')
}

for (const language of languages) {
  test(`a real school, from its start secret to the first hours of duty (${language})`, inSchool(newSchool, { language }, async (me, school) => {
    const name = colleagues[language]
    await setUp(me, school)
    // A school with nothing in it yet.
    for (const [nav, path] of [['today', '/d'], ['cases', '/c'], ['schedule', '/g'], ['students', '/s']]) {
      await me.turn(nav, path)
      await me.screen(`empty-${nav}`)
    }
    const secret = await invite(me, name)
    const she = await visitor(school, { language })
    const short = await firstSignIn(she, secret)
    await she.press(she.t('identity.waitingLook'))
    await she.see(she.t('identity.waitingStill'))
    await certify(me, name, short)
    await she.press(she.t('identity.waitingLook'))
    await she.page.locator('.side').waitFor()
    await planDuty(me, name)
    await she.page.reload()
    await she.see(she.t('today.walkIn'))
    await she.screen('first-day')
    await she.leave()
  }))

  test(`a student's first time, on a phone (${language})`, inSchool(demoSchool, { language }, async (me, school) => {
    const { t, page } = me
    await workAs(me, '林主任')
    await me.turn('students', '/s')
    const row = page.locator('tbody tr').filter({ has: page.getByRole('button') }).nth(8)
    const name = await row.locator('th').innerText()
    await row.getByRole('button').click()
    const dialog = page.getByRole('dialog')
    const secret = await dialog.locator('.secret').innerText()
    const [, username] = new RegExp(t('roster.secretNext', { username: '(\\S+)' })).exec(await dialog.innerText())
    await me.screen('student-secret')
    await me.press(t('roster.secretDone'))

    const child = await visitor(school, { language, app: 'portal', size: 'phone' })
    const say = child.t
    await child.go('/')
    await child.link(say('frame.signIn')).or(child.button(say('frame.signIn'))).click()
    await child.link(say('identity.toFirst')).click()
    await child.title(say('identity.first'))
    await child.press(say('identity.begin'))
    await child.see(say('identity.firstMissing'))
    await child.screen('first-empty')
    await child.write(say('identity.username'), username)
    await child.write(say('identity.startSecret'), secret)
    await child.write(say('identity.newPassword'), '12345678')
    await child.press(say('identity.begin'))
    await child.see(language === 'zh' ? '容易被猜到' : 'easy to guess')
    await child.screen('first-weak')
    await child.write(say('identity.newPassword'), '小河 灯笼 石头')
    await child.press(say('identity.begin'))
    await child.title(say('frame.hello', { name }))
    await child.screen('first-home')
    // The secret is spent.
    await child.press(say('frame.signOut'))
    await child.go('/first')
    await child.write(say('identity.username'), username)
    await child.write(say('identity.startSecret'), secret)
    await child.write(say('identity.newPassword'), '小河 灯笼 石头')
    await child.press(say('identity.begin'))
    await child.see(language === 'zh' ? '启用码不对,或已经用过' : 'wrong, used or expired')
    await child.leave()
  }))
}
