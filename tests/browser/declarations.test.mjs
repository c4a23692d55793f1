// The pledge gets a new version while a colleague is at work.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acknowledge, demonstration, field, languages, signedIn, visitor, walk, workAs } from './browser.mjs'
import { begun, bookedWith, part, saved } from './record.mjs'

const school = demonstration()
const added = { zh: '九、工作中的疑问,我先与督导商量。', en: '9. A doubt in my work goes to my supervisor first.' }

for (const language of languages) {
  test(`ETH-1 in the browser: the director publishes a new pledge, and nobody goes on with a case before reading it (${language})`, walk({ school, language }, async (me) => {
    const { t, page } = me
    // A counsellor is in the middle of a record.
    const counsellor = await school().as('counsellor')
    await acknowledge(counsellor)
    const record = await begun(counsellor, await bookedWith(school(), 'student', '周敏'), '陈嘉禾')
    const she = await visitor(school(), { language })
    await signedIn(she, counsellor)
    await she.go(record.address)
    await part(she, 'process').fill('第一段')
    await saved(she).waitFor()

    const director = await school().as('director')
    await acknowledge(director)
    await signedIn(me, director)
    await me.go('/office/')
    await me.turn('declarations', '/e')
    await me.screen('declarations')
    const version = (await director.ok('GET', '/api/v1/declarations')).items.length
    await me.press(t('declarations.write'))
    const publish = me.button(t('declarations.publish')).first()
    assert.ok(await publish.isDisabled(), 'the version in force is not published again')
    const text = { zh: field(me, t('declarations.textIn.zh')), en: field(me, t('declarations.textIn.en')) }
    const [zh, en] = [await text.zh.inputValue(), await text.en.inputValue()]
    await text.zh.fill('')
    await publish.click()
    await me.see(t('ui.required'))
    await text.zh.fill(`${zh}\n${added.zh}${version}`)
    await page.locator('.come').getByText(`${added.zh}${version}`).waitFor()
    await me.see(t('declarations.only.zh'))
    await text.en.fill(`${en.replace('I make no diagnosis', 'I give no diagnosis')}\n${added.en}${version}`)
    await page.locator('.come').getByText(`${added.en}${version}`).waitFor()
    await me.screen('declaration-difference')
    // Nothing half-written is lost by a slip: leaving asks.
    await me.link(t('frame.nav.today')).first().click()
    await page.getByRole('dialog').getByText(t('declarations.leaveLead')).waitFor()
    await page.getByRole('dialog').getByRole('button', { name: t('declarations.stay') }).click()
    await publish.click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(t('declarations.askLead')).waitFor()
    await me.screen('declaration-publish')
    await dialog.getByRole('button', { name: t('declarations.publish') }).click()
    await me.see(t('declarations.published', { n: version + 1 }))
    await me.screen('declaration-published')

    // She goes on writing, and is asked before the words are kept; they wait behind the page.
    await part(she, 'process').fill('第一段,又一段')
    const sheet = she.page.locator('dialog.again')
    await sheet.getByText(`${added[language]}${version}`).waitFor()
    await she.see(t('identity.pledgeAgain', { n: version + 1 }))
    await she.screen('pledge-again')
    assert.equal((await counsellor.ok('GET', '/api/v1/declarations/due')).items.length, 1)
    assert.ok(await sheet.getByRole('button', { name: t('identity.confirm') }).isDisabled())
    await sheet.getByText(t('identity.pledgeAgree')).click()
    await sheet.getByRole('button', { name: t('identity.confirm') }).click()
    await she.gone(sheet)
    await saved(she).waitFor()
    await she.page.reload()
    await part(she, 'process').waitFor()
    assert.equal(await part(she, 'process').inputValue(), '第一段,又一段')
    await she.leave()

    // The director is asked like everybody, and a colleague who signs in meets it first.
    await me.press(t('declarations.toPledge'))
    await me.see(t('identity.pledgeVersion', { n: version + 1 }))
    await page.getByText(t('identity.pledgeAgree')).click()
    await me.press(t('identity.confirm'))
    await page.locator('.side').waitFor()
    await me.turn('declarations', '/e')
    await page.getByRole('button', { name: new RegExp(t('identity.pledgeVersion', { n: version })) }).click()
    await me.see(t('declarations.old'))
    assert.equal(await page.getByText(`${added.zh}${version}`).count(), 0, 'the earlier version stands as it was')
    const he = await visitor(school(), { language })
    await workAs(he, '何建国')
    await he.see(t('identity.pledgeVersion', { n: version + 1 }))
    await he.go('/office/c')
    await he.see(t('identity.pledgeVersion', { n: version + 1 }))
    await he.leave()
  }))
}
