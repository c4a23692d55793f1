// When something goes wrong: what is said, what is still there, and the way on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acknowledge, demonstration, field, languages, signedIn, walk } from './browser.mjs'
import { begun, bookedWith, choose, part, saved } from './record.mjs'

const school = demonstration()
const users = { zh: 'counsellor', en: 'counsellor2' }
const names = { zh: '周敏', en: '何建国' }
const clients = { zh: ['student', '陈嘉禾'], en: ['student2', '陈若曦'] }

/** A counsellor in front of a record that she has just begun. */
async function writing(me) {
  const { language } = me
  const counsellor = await school().as(users[language])
  await acknowledge(counsellor)
  const record = await begun(counsellor, await bookedWith(school(), clients[language][0], names[language]), clients[language][1])
  await signedIn(me, counsellor)
  await me.go(record.address)
  await part(me, 'process').waitFor()
  return record
}
/** After half an hour nobody's session lives; whoever is needed next signs in anew. */
function everybodyIsOut() {
  for (const each of [...Object.values(users), ...Object.values(clients).map(([username]) => username)]) school().forget(each)
}
/** A student in front of the last step of a booking, with words written. */
async function aboutToBook(me, words) {
  const { t, page } = me
  const client = await school().as(clients[me.language][0])
  await acknowledge(client)
  await signedIn(me, client)
  await me.go('/b')
  await page.locator('button.choice').nth(2).click()
  await me.title(t('booking.whichTime'))
  await page.locator('button.choice').first().click()
  await me.title(t('booking.check'))
  await me.write(t('booking.reason'), words)
  return client
}
const mine = async (client) => (await client.ok('GET', '/api/v1/appointments/mine')).items.filter((each) => each.state === 'booked')

for (const language of languages) {
  for (const app of ['office', 'portal']) {
    test(`a wrong password is said kindly, and a pause says how long it is (${app}, ${language})`, walk({ school, language, app, size: app === 'portal' ? 'phone' : 'desk' }, async (me) => {
      const { t, page } = me
      const box = page.locator(app === 'office' ? 'form .box' : 'form .notice')
      await me.go(app === 'office' ? '/office/in' : '/in')
      await me.title(t('identity.signIn'))
      await me.press(t('identity.signIn'))
      await me.see(t('identity.missing'))
      await me.screen('sign-in-empty')
      const [name, password] = app === 'office' ? [field(me, t('identity.username')), page.locator('input[type=password]')] : [page.locator('#username'), page.locator('#password')]
      await name.fill(`somebody-${app}-${language}`)
      await password.fill('not the password')
      for (let tries = 0; tries < 5; tries += 1) {
        await me.press(t('identity.signIn'))
        await me.settled()
        await box.getByText(language === 'zh' ? '账号或密码不对' : 'account or the password is not right').waitFor()
        if (tries === 0) await me.screen('sign-in-wrong')
      }
      assert.equal(await box.getByText(/[0-9a-f]{16}/).count(), 0, 'no number to report where nothing is broken')
      await me.press(t('identity.signIn'))
      // How long, and that the account is not locked: nobody tries in panic, nobody gives up.
      await box.getByText(language === 'zh' ? /账号没有被锁.* \d+ 秒以后可以再试/ : /not locked.*again in \d+ seconds/).waitFor()
      await me.screen('sign-in-pause')
      assert.equal(await password.inputValue(), 'not the password', 'what was typed is still there')
      await me.pass(31)
      await me.press(t('identity.signIn'))
      await box.getByText(language === 'zh' ? '账号或密码不对' : 'account or the password is not right').waitFor()
    }))
  }

  test(`the session ends while a record is written: the words stay, and go on after signing in (${language})`, walk({ school, language }, async (me) => {
    const { t, page } = me
    await writing(me)
    await part(me, 'process').fill('已经存好的一段。')
    await saved(me).waitFor()
    await me.pass(31 * 60)
    everybodyIsOut()
    await part(me, 'process').fill('已经存好的一段。又写了一段，登录在这时结束。')
    await me.pass(4)
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('heading', { name: t('identity.endedTitle') }).waitFor()
    await me.see(t('identity.endedLead'))
    await me.screen('session-ended')
    // Whoever passes by reads nothing of the record.
    assert.equal(await page.evaluate(() => document.elementsFromPoint(innerWidth / 2, innerHeight / 2)[0]?.closest('dialog') !== null), true)
    await page.locator('dialog input[type=password]').fill(school().password)
    await me.press(t('identity.signIn'))
    await page.locator('#code').fill(await school().code(users[language]))
    await me.press(t('identity.confirm'))
    await me.gone(sheet)
    await saved(me).waitFor()
    assert.equal(await part(me, 'process').inputValue(), '已经存好的一段。又写了一段，登录在这时结束。')
    await page.reload()
    await part(me, 'process').waitFor()
    assert.equal(await part(me, 'process').inputValue(), '已经存好的一段。又写了一段，登录在这时结束。', 'the server has them too')
  }))

  test(`the session ends while a student writes: the words wait for her, and for nobody else (${language})`, walk({ school, language, app: 'portal', size: 'phone' }, async (me) => {
    const { t, page } = me
    await aboutToBook(me, '写了很久的话')
    await me.pass(16 * 60)
    everybodyIsOut()
    await me.press(t('booking.confirm'))
    await me.see(t('identity.ended'))
    await me.screen('sign-in-again')
    const signIn = async (username) => {
      await me.write(t('identity.username'), username)
      await me.write(t('identity.password'), school().password)
      await me.press(t('identity.signIn'))
      await me.title(t('booking.whichDay'))
    }
    await signIn(clients[language][0])
    await me.see(t('booking.wordsKept'))
    await me.screen('book-words-kept')
    await page.locator('button.choice').nth(2).click()
    await page.locator('button.choice').first().click()
    assert.equal(await me.field(t('booking.reason')).inputValue(), '写了很久的话')

    // Once more, and another child takes the phone.
    await me.pass(16 * 60)
    everybodyIsOut()
    await me.press(t('booking.confirm'))
    await me.see(t('identity.ended'))
    await signIn(clients[language === 'zh' ? 'en' : 'zh'][0])
    assert.equal(await page.getByText(t('booking.wordsKept')).count(), 0)
    await page.locator('button.choice').nth(2).click()
    await page.locator('button.choice').first().click()
    assert.equal(await me.field(t('booking.reason')).inputValue(), '')
  }))

  test(`two windows with one draft: both versions are shown, and nothing is lost (${language})`, walk({ school, language }, async (me) => {
    const { t, page } = me
    const record = await writing(me)
    await part(me, 'complaint').fill('第一个窗口')
    await saved(me).waitFor()
    const other = Object.assign(Object.create(me), { page: await me.open() })
    await other.page.goto(record.address)
    await part(other, 'process').waitFor()
    await part(other, 'complaint').fill('第二个窗口')
    await part(other, 'measures').fill('只在第二个窗口')
    await saved(other).waitFor()

    await part(me, 'complaint').fill('第一个窗口，接着写')
    const both = page.getByRole('alertdialog')
    await both.waitFor()
    for (const words of ['第一个窗口，接着写', '第二个窗口', '只在第二个窗口']) await both.getByText(words, { exact: true }).waitFor()
    await me.screen('two-versions')
    await page.locator('.mark').getByText(t('cases.unsaved')).waitFor()
    await both.locator('fieldset', { hasText: t('cases.field.measures') }).getByText('只在第二个窗口').click()
    await me.press(t('cases.keepChosen'))
    await me.gone(both)
    await saved(me).waitFor()
    assert.deepEqual([await part(me, 'complaint').inputValue(), await part(me, 'measures').inputValue()], ['第一个窗口，接着写', '只在第二个窗口'])
    // The other window meets the same question as soon as it writes, and may take the first's words whole.
    await part(other, 'homework').fill('三天日记')
    await other.page.getByRole('alertdialog').waitFor()
    await other.press(t('cases.takeTheirs'))
    await saved(other).waitFor()
    assert.equal(await part(other, 'complaint').inputValue(), '第一个窗口，接着写')
  }))

  test(`a booking without a connection: nothing is lost, and once is once (${language})`, walk({ school, language, app: 'portal', size: 'phone' }, async (me) => {
    const { t, page } = me
    const client = await aboutToBook(me, '写给老师的话')
    const before = (await mine(client)).length
    await me.context.setOffline(true)
    await me.press(t('booking.confirm'))
    await me.see(language === 'zh' ? '没有丢失' : 'is still here')
    await me.accessible('booking without a connection')
    assert.equal(await me.field(t('booking.reason')).inputValue(), '写给老师的话')
    await me.context.setOffline(false)

    // The request arrives and its answer is lost on the way: asked again, it is still one appointment.
    await page.route('**/api/v1/appointments', async (route) => {
      await route.fetch()
      await route.abort('connectionreset')
    }, { times: 1 })
    await me.press(t('frame.retry'))
    await me.settled()
    await me.see(language === 'zh' ? '没有丢失' : 'is still here')
    await me.press(t('frame.retry'))
    await me.title(t('booking.done'))
    assert.equal((await mine(client)).length, before + 1)
  }))
}

test('a page that cannot be read without a connection says so, and comes with the next try', walk({ school }, async (me) => {
  const { t, page } = me
  const counsellor = await school().as('counsellor')
  await acknowledge(counsellor)
  await signedIn(me, counsellor)
  await me.go('/office/c')
  await page.locator('table').waitFor()
  await me.turn('today', '/d')
  await me.context.setOffline(true)
  await me.press(t('today.after'))
  await me.see('暂时连不上服务器')
  await me.accessible('day without a connection')
  await me.context.setOffline(false)
  await me.press(t('ui.retry'))
  await page.locator('.columns').waitFor()
}))

test('signing a record without a connection keeps it a draft, and says so', walk({ school }, async (me) => {
  const { t, page } = me
  await writing(me)
  for (const name of ['complaint', 'process', 'assessment', 'measures']) await part(me, name).fill('写好了')
  await choose(me, 'risk_level', 'none')
  await saved(me).waitFor()
  await me.press(t('cases.sign'))
  const sign = page.getByRole('dialog').getByRole('button', { name: t('cases.sign'), exact: true })
  await sign.waitFor()
  await me.context.setOffline(true)
  await sign.click()
  await me.see('没有丢失')
  await me.context.setOffline(false)
  await me.press(t('cases.sign'))
  await sign.click()
  await page.locator('.signed').waitFor()
}))
