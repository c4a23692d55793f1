// People in front of Chromium: what they see, press and type, and what every screen has to keep on the way.
//   XINYI_UI=ui/dist        screens from that folder instead of those inside the program, for work on screens
//   XINYI_SCREENS=folder    keeps a picture of every screen: light and dark, 360, 768 and 1440 wide
//   XINYI_CLOCK=2026-10-13T23:50   the school's time at which every walk begins, for trying another hour
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { demoSchool, top } from '../scenes/harness.mjs'
import { folderSite } from './folder.mjs'

const require = createRequire(join(top, 'ui/package.json'))
const { chromium } = require('playwright-core')
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const pictures = process.env.XINYI_SCREENS
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
export const languages = ['zh', 'en']
const files = { zh: 'zh-CN', en: 'en' }
/**
 * When every walk begins, for the server and for the browser: an ordinary Tuesday at ten, so that a walk means the same
 * whenever it runs.
 */
export const morning = process.env.XINYI_CLOCK ?? '2026-10-13T10:00'

let running
export async function chrome() {
  running ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args })
  return running
}
export async function close() {
  await running?.close()
  running = undefined
}
/** One demonstration school for all walks of a file; the function gives it, once they have begun. */
export function demonstration() {
  let school
  before(async () => { school = await demoSchool({ clock: morning }) })
  after(async () => {
    await close()
    await school?.remove()
  })
  return () => school
}
const sites = new Map()
/** Where people point their browser. */
async function address(school) {
  if (!process.env.XINYI_UI) return school.url
  if (!sites.has(school)) sites.set(school, await folderSite(school, join(top, process.env.XINYI_UI)))
  return sites.get(school)
}

const loaded = new Map()
/** What a screen says, by the key of its text: words('zh', 'portal')('booking.confirm', {n: 1}). */
export function words(language, app) {
  return (key, values = {}) => {
    const [area, ...path] = key.split('.')
    const file = join(top, 'ui/apps', app, 'src', area, 'lang', `${files[language]}.json`)
    if (!loaded.has(file)) loaded.set(file, JSON.parse(fs.readFileSync(file, 'utf8')))
    const text = path.reduce((at, name) => at?.[name], loaded.get(file))
    assert.equal(typeof text, 'string', `${app} has no text ${key}`)
    const one = 'n' in values && text.includes(' | ') ? text.split(' | ')[values.n === 1 ? 0 : 1] : text
    return one.replace(/\{(\w+)\}/g, (_, name) => values[name])
  }
}

const wide = { phone: { width: 360, height: 740 }, desk: { width: 1440, height: 900 } }
/** Somebody with a browser of their own, whose clock is the school's. `faults` collects what no screen may do. */
export async function visitor(school, { language = 'zh', size = 'desk', app = 'office' } = {}) {
  const base = await address(school)
  const context = await (await chrome()).newContext({
    baseURL: base, viewport: wide[size], locale: files[language], colorScheme: 'light', reducedMotion: 'reduce', hasTouch: size === 'phone', acceptDownloads: true,
  })
  await context.clock.install({ time: school.now() })
  const made = await new Visitor(context, { school, base, language, size, app }).ready()
  present.add(made)
  return made
}
const present = new Set()

/** A test with a visitor; where it fails, the last picture of everybody who was there is kept in build/logs. */
export const walk = ({ school, ...options }, work) => async (context) => {
  const me = await visitor(school(), options)
  try {
    await work(me)
    await me.leave()
  } catch (error) {
    fs.mkdirSync(join(top, 'build/logs'), { recursive: true })
    for (const [n, each] of [...present].entries()) {
      const file = `${context.name.replace(/[^\w]+/g, '-').slice(0, 60)}-${each.language}-${n}.png`
      await each.page.screenshot({ path: join(top, 'build/logs', file), timeout: 5000 }).catch(() => undefined)
      await each.context.close().catch(() => undefined)
    }
    present.clear()
    throw error
  }
}

export class Visitor {
  faults = []
  sent = []
  underway = new Set()
  constructor(context, facts) {
    Object.assign(this, { context }, facts)
    this.t = words(this.language, this.app)
  }
  async ready() {
    // A page outside the school is never really asked for.
    await this.context.route((url) => url.origin !== this.base, (route) => {
      this.outside = route.request().url()
      return route.fulfill({ status: 200, contentType: 'text/html', body: '<!doctype html><title>elsewhere</title><p>elsewhere</p>' })
    })
    this.page = await this.open()
    return this
  }
  async open() {
    const page = await this.context.newPage()
    page.setDefaultTimeout(30_000)
    // The browser's own note on an answer of 4xx is no fault of the page; a 5xx is.
    page.on('console', (note) => {
      if (['error', 'warning'].includes(note.type()) && !/^Failed to load resource/.test(note.text())) this.faults.push(`console: ${note.text()}`)
    })
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`))
    page.on('response', (answer) => { if (answer.status() >= 500) this.faults.push(`${answer.status()} ${answer.url()}`) })
    page.on('request', (request) => {
      if (!request.url().endsWith('/api/v1/events')) this.underway.add(request)  // a window that listens waits for ever
      if (request.url().includes('/api/')) this.sent.push(`${request.method()} ${new URL(request.url()).pathname}`)
    })
    for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => this.underway.delete(request))
    page.on('close', () => this.underway.clear())
    return page
  }

  // -- what a person does
  go(path) { return this.page.goto(path) }
  button(name, options = {}) { return this.page.getByRole('button', { name, exact: true, ...options }) }
  link(name, options = {}) { return this.page.getByRole('link', { name, exact: true, ...options }) }
  field(name, options = {}) { return this.page.getByLabel(name, { exact: true, ...options }) }
  see(text, options = {}) { return this.page.getByText(text, options).filter({ visible: true }).first().waitFor() }
  async press(name, options) { await this.button(name, options).filter({ visible: true }).first().click() }
  async write(name, text) { await this.field(name).fill(text) }
  async title(text) { await this.page.getByRole('heading', { level: 1, name: text }).waitFor() }
  /** Time goes by, for the school and for this browser. */
  async pass(seconds) {
    this.school.moveClock(seconds)
    await this.context.clock.fastForward(seconds * 1000)
  }
  /** Another page by the menu; there when its own title stands on it. */
  async turn(nav, path) {
    await this.link(this.t(`frame.nav.${nav}`)).first().click()
    await this.page.waitForURL((url) => url.pathname === `/office${path}`)
    await this.page.locator('#page-title').waitFor()
    await this.settled()
  }
  /**
   * Everything that was asked for has come and is drawn. Not the browser's own "networkidle", which after the first load
   * of a page is always true.
   */
  async settled() {
    const until = Date.now() + 30_000
    for (let quiet = 0; quiet < 3; quiet = this.underway.size ? 0 : quiet + 1) {
      assert.ok(Date.now() < until, `still waiting for ${[...this.underway].map((each) => each.url()).join(' ')}`)
      await this.page.waitForTimeout(30)
    }
    await this.page.waitForFunction(() => document.getAnimations().every((each) => each.playState !== 'running' || each.effect.getComputedTiming().iterations === Infinity))
    await this.page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => done())) }))
  }
  async gone(locator) { await locator.waitFor({ state: 'detached' }) }

  // -- what every screen keeps
  /** Looks at this screen in every width and both themes. */
  async screen(name) {
    const { page } = this
    await this.settled()
    const before = page.viewportSize()
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme })
      await page.waitForFunction((name) => document.documentElement.dataset.theme === name, theme)
      await this.settled()
      for (const width of theme === 'light' || pictures ? [360, 768, 1440] : [before.width]) {
        await page.setViewportSize({ width, height: width === 360 ? 740 : 900 })
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.ok(over <= 0, `${name} (${this.language}) scrolls sideways by ${over} at ${width}`)
        if (pictures) {
          fs.mkdirSync(pictures, { recursive: true })
          await page.screenshot({ path: join(pictures, `${this.app}-${name}-${this.language}-${theme}-${width}.png`), fullPage: !(await page.getByRole('dialog').count()) })
        }
      }
      await page.setViewportSize(before)
      await this.accessible(`${name} in ${theme}`)
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await this.keepsNothing()
    this.clean(name)
  }
  async accessible(name) {
    const found = await this.page.evaluate(`(async () => { ${axe}; const out = await axe.run(document, { resultTypes: ['violations'] })
      return out.violations.map((each) => each.id + ': ' + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? '')).join(' | ')) })()`)
    assert.deepEqual(found, [], `${name} (${this.language})`)
  }
  /** A lost phone or a borrowed computer tells nothing: only theme and language stay. */
  async keepsNothing() {
    const kept = await this.page.evaluate(async () => ({
      local: Object.keys(localStorage), session: Object.keys(sessionStorage), bases: (await indexedDB.databases()).length,
      caches: 'caches' in globalThis ? (await caches.keys()).length : 0, workers: (await navigator.serviceWorker?.getRegistrations())?.length ?? 0, cookie: document.cookie, title: document.title,
    }))
    assert.deepEqual(kept.local.filter((key) => !['theme', 'language'].includes(key)), [], 'localStorage')
    assert.deepEqual([kept.session, kept.bases, kept.caches, kept.workers, kept.cookie], [[], 0, 0, 0, ''], 'nothing else is kept')
    const tab = this.app === 'office' ? 'frame.tab' : 'frame.title'
    assert.ok([words('zh', this.app)(tab), words('en', this.app)(tab)].includes(kept.title), `the tab is called ${kept.title}`)
  }
  clean(name) { assert.deepEqual(this.faults, [], `${name}: nothing in the console, no refused content`) }
  async leave() {
    const { faults } = this
    present.delete(this)
    await this.context.close()
    assert.deepEqual(faults, [], 'nothing in the console, no refused content')
  }
}

/** Signs in at the office with the demonstration panel, code included. */
export async function workAs(visitor, name) {
  const { t, page } = visitor
  const refused = page.locator('form .box')
  await visitor.go('/office/in')
  for (let tries = 0; ; tries += 1) {
    await page.getByRole('button', { name: new RegExp(`^${name}`) }).click()
    await visitor.press(t('identity.signIn'))
    const code = page.locator('#code')
    await page.waitForFunction(() => document.querySelector('#code') || location.pathname !== '/office/in')
    if (await code.count()) {
      await page.waitForFunction(() => document.querySelector('#code')?.value.length >= 6)
      await visitor.press(t('identity.confirm'))
      await page.waitForFunction(() => document.querySelector('form .box') || location.pathname !== '/office/in')
    }
    if (!(await refused.count()) || tries === 2) break
    // A code works once: half a minute later there is another.
    await visitor.pass(30)
    await visitor.go('/office/in')
  }
  await page.locator('#page-title').waitFor()
}
/** The pledge, if it is owed; `then` is what stands on the page that follows. */
export async function pledge(visitor, then = '.side') {
  const box = visitor.page.getByRole('checkbox', { name: visitor.t('identity.pledgeAgree') })
  const after = visitor.page.locator(then)
  await box.or(after).first().waitFor({ state: 'attached' })
  if (!(await box.count())) return false
  await visitor.screen('pledge')
  assert.ok(await visitor.button(visitor.t('identity.confirm')).isDisabled(), 'nobody confirms what was not read')
  await visitor.page.getByText(visitor.t('identity.pledgeAgree')).click()
  await visitor.press(visitor.t('identity.confirm'))
  await after.waitFor({ state: 'attached' })
  return true
}
/** With the session that somebody of the harness has already, without the sign-in page. */
export async function signedIn(visitor, client) {
  const [name, ...rest] = client.cookie.split('=')
  await visitor.context.addCookies([{ name, value: rest.join('='), domain: '127.0.0.1', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' }])
}
/** Acknowledges over the interface what `client` owes, where the pledge is not what the walk is about. */
export async function acknowledge(client) {
  for (const due of (await client.ok('GET', '/api/v1/declarations/due')).items) await client.ok('POST', `/api/v1/declarations/${due.id}/acknowledge`, {})
}
/** What stands in the field below a label. */
export const field = (me, label) => me.page.locator('.field', { hasText: label }).locator('input, textarea').first()
