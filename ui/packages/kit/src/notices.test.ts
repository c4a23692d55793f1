import { beforeEach, describe, expect, it, vi } from 'vitest'

const list = vi.fn()
vi.mock('@xinyi/api', () => ({ notices: { list, read: vi.fn() } }))

class FakeSource {
  static CLOSED = 2
  static made: FakeSource[] = []
  readyState = 1
  onopen: (() => void) | undefined
  onmessage: ((message: { data: string }) => void) | undefined
  onerror: (() => void) | undefined
  closed = false
  constructor(public url: string) { FakeSource.made.push(this) }
  close() { this.closed = true }
}
let visibility = 'visible'
let changed: (() => void) | undefined
const settle = async () => { for (let n = 0; n < 10; n += 1) await Promise.resolve() }
const notice = (id: string, read = false) => ({ id, kind: 'something_new', at: '2026-11-23T06:00:00Z', text: { zh: '新', en: 'new' }, read })

async function fresh() {
  vi.resetModules()
  FakeSource.made = []
  list.mockReset()
  list.mockResolvedValue({ items: [], unread: 0 })
  vi.unstubAllGlobals()
  const own = (await import('./notices')).useNotices()
  vi.stubGlobal('EventSource', FakeSource)
  vi.stubGlobal('document', {
    get visibilityState() { return visibility },
    addEventListener: (_: string, act: () => void) => { changed = act },
    removeEventListener: () => { changed = undefined },
  })
  return own
}

describe('notices', () => {
  beforeEach(() => {
    visibility = 'visible'
    vi.useFakeTimers()
  })

  it('asks for the list whenever the stream opens or speaks, and once for a burst', async () => {
    const own = await fresh()
    own.start()
    own.start()
    expect(FakeSource.made.map((each) => each.url)).toEqual(['/api/v1/events'])
    FakeSource.made[0]?.onopen?.()
    await settle()
    expect(list).toHaveBeenCalledTimes(1)
    list.mockResolvedValue({ items: [notice('a')], unread: 1 })
    for (let n = 0; n < 5; n += 1) FakeSource.made[0]?.onmessage?.({ data: '{"kind":"notice","id":"a"}' })
    await settle()
    expect(list).toHaveBeenCalledTimes(3)
    expect(own.unread.value).toBe(1)
    expect(own.arrived.value).toBe(1)
  })

  it('says nothing new about what was there at the first look', async () => {
    const own = await fresh()
    list.mockResolvedValue({ items: [notice('a')], unread: 1 })
    own.start()
    FakeSource.made[0]?.onopen?.()
    await settle()
    expect(own.arrived.value).toBe(0)
  })

  it('listens only while somebody can see the window', async () => {
    const own = await fresh()
    own.start()
    visibility = 'hidden'
    changed?.()
    expect(FakeSource.made[0]?.closed).toBe(true)
    expect(FakeSource.made.length).toBe(1)
    visibility = 'visible'
    changed?.()
    expect(FakeSource.made.length).toBe(2)
  })

  it('asks now and then where the stream was refused, and leaves an interrupted one to the browser', async () => {
    const own = await fresh()
    own.start()
    const first = FakeSource.made[0] as FakeSource
    first.readyState = 0
    first.onerror?.()
    expect(first.closed).toBe(false)
    first.readyState = FakeSource.CLOSED
    first.onerror?.()
    await settle()
    expect(list).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(60_000)
    expect(FakeSource.made.length).toBe(2)
  })

  it('keeps nothing of somebody who has left', async () => {
    const own = await fresh()
    list.mockResolvedValue({ items: [notice('a')], unread: 1 })
    own.start()
    FakeSource.made[0]?.onopen?.()
    await settle()
    own.stop()
    expect(own.items.value).toBeUndefined()
    expect(own.unread.value).toBe(0)
    expect(FakeSource.made[0]?.closed).toBe(true)
  })

  it('drops an answer that comes after its person has left', async () => {
    const own = await fresh()
    let answer: (list: unknown) => void = () => undefined
    list.mockReturnValue(new Promise((resolve) => { answer = resolve }))
    own.start()
    FakeSource.made[0]?.onopen?.()
    own.stop()
    answer({ items: [notice('a')], unread: 1 })
    await settle()
    expect(own.items.value).toBeUndefined()
  })
})
