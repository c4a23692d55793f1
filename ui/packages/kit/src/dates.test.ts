import { describe, expect, it } from 'vitest'
import { addDays, dateOf, daysBetween, exact, lunar, lunarDay, mondayOf, sayDate, sayInstant, timeOf, today } from './dates'

const zone = 'Asia/Shanghai'
// Monday 23 November 2026, 08:30 at school
const clock = { now: () => new Date('2026-11-23T00:30:00Z') }

describe('dates in the school’s zone', () => {
  it('belong to the school’s day, not to the machine’s', () => {
    expect(dateOf('2026-11-22T16:30:00Z', zone)).toBe('2026-11-23')
    expect(timeOf('2026-11-22T16:30:00Z', zone)).toBe('00:30')
    expect(today(zone, clock)).toBe('2026-11-23')
    expect(today('America/New_York', clock)).toBe('2026-11-22')
  })

  it('are said as people say them', () => {
    expect(sayInstant('2026-11-23T06:00:00Z', zone, 'zh-CN', clock)).toBe('今天 14:00')
    expect(sayDate('2026-11-24', zone, 'zh-CN', clock)).toBe('明天')
    expect(sayDate('2026-11-25', zone, 'zh-CN', clock)).toBe('后天')
    expect(sayDate('2026-11-26', zone, 'zh-CN', clock)).toBe('周四')
    expect(sayDate('2026-11-30', zone, 'zh-CN', clock)).toBe('下周一')
    expect(sayDate('2026-12-09', zone, 'zh-CN', clock)).toBe('12月9日')
    expect(sayDate('2027-01-05', zone, 'zh-CN', clock)).toBe('2027年1月5日')
    expect(sayDate('2026-11-26', zone, 'en', clock)).toBe('Thursday')
    expect(sayDate('2026-11-22', zone, 'en', clock)).toBe('Yesterday')
    expect(exact('2026-11-23T06:00:00Z', zone, 'zh-CN')).toBe('2026-11-23 周一 14:00')
  })

  it('reckon whole days across months, years and leap days', () => {
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(daysBetween('2026-11-23', '2026-12-23')).toBe(30)
    expect(mondayOf('2026-11-29')).toBe('2026-11-23')
    expect(mondayOf('2026-11-23')).toBe('2026-11-23')
  })

  it('know the lunar calendar', () => {
    expect(lunar('2026-02-17', 'zh-CN')).toBe('春节')
    expect(lunar('2026-02-16', 'zh-CN')).toBe('除夕')
    expect(lunar('2026-09-25', 'zh-CN')).toBe('中秋节')
    expect(lunar('2026-11-23', 'zh-CN')).toBe('十月十五')
    expect([1, 10, 11, 20, 21, 30].map(lunarDay)).toEqual(['初一', '初十', '十一', '二十', '廿一', '三十'])
  })
})
