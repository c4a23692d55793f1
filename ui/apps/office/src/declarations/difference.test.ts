import { describe, expect, it } from 'vitest'
import { difference } from './difference'

const said = (before: string, after: string): string =>
  difference(before, after).map((line) => ({ kept: ' ', gone: '-', come: '+' })[line.kind] + line.text).join('|')

describe('difference', () => {
  it('says of every line whether it stayed', () => {
    expect(said('一\n二\n三', '一\n二\n三')).toBe(' 一| 二| 三')
    expect(said('一\n二\n三', '一\n两\n三')).toBe(' 一|-二|+两| 三')
    expect(said('一\n三', '一\n二\n三')).toBe(' 一|+二| 三')
    expect(said('一\n二\n三', '三')).toBe('-一|-二| 三')
    expect(said('甲', '乙')).toBe('-甲|+乙')
  })

  it('loses and invents nothing', () => {
    let seed = 7
    const any = (n: number): number => (seed = (seed * 48271) % 2147483647) % n
    for (let round = 0; round < 200; round += 1) {
      const text = (): string => Array.from({ length: 1 + any(8) }, () => 'abc'[any(3)]).join('\n')
      const [before, after] = [text(), text()]
      const lines = difference(before, after)
      expect(lines.filter((line) => line.kind !== 'come').map((line) => line.text).join('\n')).toBe(before)
      expect(lines.filter((line) => line.kind !== 'gone').map((line) => line.text).join('\n')).toBe(after)
    }
  })
})
