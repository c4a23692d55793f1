// The director's roster, and what the administrator sees.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { top } from '../scenes/harness.mjs'
import { demonstration, languages, pledge, walk, workAs } from './browser.mjs'

const school = demonstration()

test('a roster is tried before it is taken: a zip with faults, and a table', walk({ school }, async (me) => {
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
  test(`CNF-1 in the browser: the administrator finds no content and no client anywhere (${language})`, walk({ school, language }, async (me) => {
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
}
