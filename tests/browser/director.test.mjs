// The director, the administrator, and the first day of a real school.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { demoSchool, newSchool, top } from '../scenes/harness.mjs'
import { totp } from '../scenes/crypto.mjs'
import { close, languages, morning, pledge, visitor, walk, workAs } from './browser.mjs'

let school
before(async () => {
  school = await demoSchool({ clock: morning })
})
after(async () => {
  await close()
  await school?.remove()
})
const input = (me, label) => me.page.locator('.field', { hasText: label }).locator('input, textarea').first()

test('the director invites a colleague, meets her, and confirms her key by the short code', walk({ school: () => school }, async (me) => {
  const { t, page } = me
  await workAs(me, '林主任')
  await pledge(me)
  await me.screen('director-today')
  await me.turn('staff', '/t')
  await me.screen('staff')
  await me.press(t('people.invite'))
  const dialog = page.getByRole('dialog')
  await input(me, t('people.name')).fill('欧阳蓁蓁')
  await input(me, t('people.username')).fill('ouyang')
  await dialog.getByText(t('people.role.counsellor'), { exact: true }).click()
  await me.screen('invite')
  await dialog.getByRole('button', { name: t('people.invite') }).click()
  const secret = await dialog.locator('.secret').innerText()
  await me.screen('invited')
  await dialog.getByRole('button', { name: t('people.secretDone') }).click()
  assert.equal(await page.getByText(secret).count(), 0, 'shown once')

  const she = await visitor(school)
  await she.go('/office/')
  await she.page.getByRole('link', { name: t('identity.toFirst') }).click()
  await she.title(t('identity.first'))
  await input(she, t('identity.username')).fill('ouyang')
  await input(she, t('identity.startSecret')).fill(secret)
  await she.page.locator('input[type=password]').nth(0).fill('quiet river lantern')
  await she.page.locator('input[type=password]').nth(1).fill('quiet river lantern')
  await she.screen('first')
  await she.press(t('identity.begin'))
  const typed = she.page.locator('code.mono')
  await typed.waitFor()
  await she.screen('totp')
  await input(she, t('identity.totp3')).fill(totp((await typed.innerText()).replace(/\s/g, ''), Math.floor(school.now() / 30_000)))
  await she.press(t('identity.confirm'))
  await pledge(she, '.code')
  const code = she.page.locator('.code')
  await she.screen('waiting')
  const short = await code.innerText()

  await page.reload()
  await page.locator('tr', { hasText: '欧阳蓁蓁' }).getByRole('button', { name: t('people.certify') }).click()
  await input(me, t('people.shortCode')).fill('0000-0000')
  await dialog.locator('textarea').fill('当面核对')
  await dialog.getByRole('button', { name: t('people.certify') }).click()
  await dialog.getByRole('alert').waitFor()
  await me.screen('certify')
  await input(me, t('people.shortCode')).fill(short)
  await dialog.getByRole('button', { name: t('people.certify') }).click()
  await page.locator('tr', { hasText: '欧阳蓁蓁' }).getByText(t('people.state.active')).waitFor()
  await she.press(t('identity.waitingLook'))
  await she.page.locator('.side').waitFor()
  await she.leave()
}))

test('a roster is tried before it is taken: a zip with faults, and a table', walk({ school: () => school }, async (me) => {
  const { t, page } = me
  await workAs(me, '林主任')
  await pledge(me)
  for (const [file, name] of [['oneroster-dirty.zip', 'zip'], ['xueji.xlsx', 'table']]) {
    await me.turn('import', '/i')
    if (name === 'zip') await me.screen('import')
    await page.locator('input[type=file]').setInputFiles(join(top, 'tests/data/roster', file))
    const preview = me.button(t('roster.preview'))
    const apply = page.getByRole('button', { name: new RegExp(t('roster.apply', { n: '\\d+' })) })
    await preview.or(apply).first().waitFor()
    await me.screen(`import-${name}-columns`)
    if (await preview.count()) await preview.click()
    await apply.waitFor()
    await me.screen(`import-${name}-preview`)
    await apply.click()
    await me.see(t('roster.result'))
    await me.screen(`import-${name}-result`)
    await me.turn('students', '/s')
    await page.locator('table').waitFor()
  }
}))

for (const language of languages) {
  test(`CNF-1 in the browser: the administrator finds no content and no client anywhere (${language})`, walk({ school: () => school, language }, async (me) => {
    const { t, page } = me
    await workAs(me, '技术管理员')
    await pledge(me)
    await page.locator('.side').waitFor()
    const places = await page.locator('.side a').evaluateAll((links) => links.map((each) => each.getAttribute('href')))
    for (const refused of ['/office/d', '/office/c']) assert.ok(!places.includes(refused), `no way to ${refused}`)
    for (const place of places) {
      await me.go(place)
      await page.locator('#page-title').waitFor()
      await me.screen(`admin${place.replace(/\W+/g, '-')}`)
      const text = await page.locator('main').innerText()
      for (const content of ['躺下以后脑子停不下来', t('cases.nth', { n: 1 })]) assert.equal(text.includes(content), false)
    }
    await me.go('/office/c')
    await me.settled()
    assert.equal(await page.locator('tbody tr').count(), 0)
    assert.equal((await page.locator('main').innerText()).includes('陈嘉禾'), false)
  }))

  test(`a real school is set up in the browser, two cards typed back (${language})`, async (context) => {
    const fresh = await newSchool({ clock: morning })
    try {
      await walk({ school: () => fresh, language }, async (me) => {
        const { t, page } = me
        await me.go('/office/')
        await me.title(t('setup.title.claim'))
        await me.screen('setup-claim')
        await input(me, t('setup.secret')).fill(fresh.startSecret)
        await input(me, t('identity.username')).fill('director')
        await page.locator('input[type=password]').nth(0).fill('quiet river lantern stone')
        await page.locator('input[type=password]').nth(1).fill('quiet river lantern stone')
        await me.press(t('setup.go'))
        await me.title(t('setup.title.cards'))
        // A reload in the middle does not lock the director out; the cards of before are worth nothing.
        const [early] = await page.locator('.card .text').allInnerTexts()
        page.once('dialog', (dialog) => dialog.accept())
        await page.reload()
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
        const typed = page.locator('code.mono')
        await typed.waitFor()
        await me.screen('setup-totp')
        await input(me, t('identity.totp3')).fill(totp((await typed.innerText()).replace(/\s/g, ''), Math.floor(fresh.now() / 30_000)))
        await me.press(t('identity.confirm'))
        await pledge(me)
        await me.page.locator('.side').waitFor()
        // A school with nothing in it yet.
        for (const [nav, name] of [['today', 'd'], ['cases', 'c'], ['schedule', 'g'], ['students', 's']]) {
          await me.turn(nav, `/${name}`)
          await me.screen(`empty-${nav}`)
        }
      })(context)
    } finally {
      await fresh.remove()
    }
  })
}
