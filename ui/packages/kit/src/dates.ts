// Dates as people say them, always in the school's zone whatever the machine's own zone is.
import type { Instant, PlainDate } from '@xinyi/api'
import type { Locale } from './language'

export interface Clock { now: () => Date }
const system: Clock = { now: () => new Date() }

const formats = new Map<string, Intl.DateTimeFormat>()
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  let found = formats.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options)
    formats.set(key, found)
  }
  return found
}

function noon(date: PlainDate): Date {
  return new Date(`${date}T12:00:00Z`)
}

function parts(at: Date, zone: string): Record<string, string> {
  const made = format('en-GB', {
    timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).formatToParts(at)
  return Object.fromEntries(made.map((part) => [part.type, part.value]))
}

export function dateOf(at: Instant | Date, zone: string): PlainDate {
  const found = parts(new Date(at), zone)
  return `${found.year}-${found.month}-${found.day}`
}

export function timeOf(at: Instant | Date, zone: string): string {
  const found = parts(new Date(at), zone)
  return `${found.hour}:${found.minute}`
}

export function today(zone: string, clock: Clock = system): PlainDate {
  return dateOf(clock.now(), zone)
}

export function addDays(date: PlainDate, days: number): PlainDate {
  const moved = noon(date)
  moved.setUTCDate(moved.getUTCDate() + days)
  return moved.toISOString().slice(0, 10)
}

export function daysBetween(from: PlainDate, to: PlainDate): number {
  return Math.round((noon(to).getTime() - noon(from).getTime()) / 86_400_000)
}

/** The Monday of the week that a day belongs to. */
export function mondayOf(date: PlainDate): PlainDate {
  return addDays(date, -((noon(date).getUTCDay() + 6) % 7))
}

export function weekday(date: PlainDate, locale: Locale, long = false): string {
  return format(locale, { timeZone: 'UTC', weekday: locale === 'en' && long ? 'long' : 'short' }).format(noon(date))
}

export function monthDay(date: PlainDate, locale: Locale): string {
  return format(locale, { timeZone: 'UTC', month: locale === 'en' ? 'short' : 'long', day: 'numeric' }).format(noon(date))
}

const words: Record<Locale, Record<string, string>> = {
  'zh-CN': { '-2': '前天', '-1': '昨天', '0': '今天', '1': '明天', '2': '后天' },
  en: { '-1': 'Yesterday', '0': 'Today', '1': 'Tomorrow' },
}

/** 今天, 明天, 周三, 12月3日, 2027年1月5日 – the shortest that cannot be mistaken. */
export function sayDate(date: PlainDate, zone: string, locale: Locale, clock: Clock = system): string {
  const now = today(zone, clock)
  const distance = daysBetween(now, date)
  const word = words[locale][String(distance)]
  if (word) return word
  const week = daysBetween(mondayOf(now), mondayOf(date))
  if (week === 0) return weekday(date, locale, true)
  if (week === 7 && locale === 'zh-CN') return `下${weekday(date, locale)}`
  const sameYear = date.slice(0, 4) === now.slice(0, 4)
  return sameYear
    ? monthDay(date, locale)
    : format(locale, { timeZone: 'UTC', year: 'numeric', month: locale === 'en' ? 'short' : 'long', day: 'numeric' }).format(noon(date))
}

export function sayInstant(at: Instant, zone: string, locale: Locale, clock: Clock = system): string {
  return `${sayDate(dateOf(at, zone), zone, locale, clock)} ${timeOf(at, zone)}`
}

/** For a tooltip: nothing left out. */
export function exact(at: Instant, zone: string, locale: Locale): string {
  const date = dateOf(at, zone)
  return `${date} ${weekday(date, locale)} ${timeOf(at, zone)}`
}

export function exactDate(date: PlainDate, locale: Locale): string {
  return `${date} ${weekday(date, locale)}`
}

export function sayMonthDay(date: PlainDate, locale: Locale): string {
  return `${monthDay(date, locale)} ${weekday(date, locale)}`
}

const festivals: Record<string, [string, string]> = {
  '1-1': ['春节', 'Spring Festival'],
  '1-15': ['元宵节', 'Lantern Festival'],
  '5-5': ['端午节', 'Dragon Boat Festival'],
  '7-7': ['七夕', 'Qixi'],
  '8-15': ['中秋节', 'Mid-Autumn Festival'],
  '9-9': ['重阳节', 'Double Ninth'],
  '12-8': ['腊八', 'Laba'],
}

function lunarParts(date: PlainDate): { month: string; day: number } | undefined {
  try {
    const made = format('en-u-ca-chinese', { timeZone: 'UTC', month: 'numeric', day: 'numeric' }).formatToParts(noon(date))
    const month = made.find((part) => part.type === 'month')?.value
    const day = Number(made.find((part) => part.type === 'day')?.value)
    return month && day ? { month, day } : undefined
  } catch {
    return undefined
  }
}

const tens = ['初', '十', '廿', '三']
const ones = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九']

export function lunarDay(day: number): string {
  if (day === 10) return '初十'
  if (day === 20) return '二十'
  if (day === 30) return '三十'
  return `${tens[Math.floor(day / 10)]}${ones[day % 10]}`
}

/** The lunar date or, on such a day, the festival; empty where the browser has no lunar calendar. */
export function lunar(date: PlainDate, locale: Locale): string {
  const found = lunarParts(date)
  if (!found) return ''
  const tomorrow = lunarParts(addDays(date, 1))
  const english = locale === 'en'
  if (tomorrow && tomorrow.month === '1' && tomorrow.day === 1) return english ? 'New Year’s Eve (lunar)' : '除夕'
  const festival = festivals[`${found.month}-${found.day}`]
  if (festival) return festival[english ? 1 : 0]
  if (english) return ''
  const leap = found.month.endsWith('bis')
  const index = Number.parseInt(found.month, 10)
  const names = ['正', '二', '三', '四', '五', '六', '七', '八', '九', '十', '冬', '腊']
  return `${leap ? '闰' : ''}${names[index - 1] ?? found.month}月${lunarDay(found.day)}`
}
