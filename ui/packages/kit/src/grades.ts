import type { Locale } from './language'

const names = ['一年级', '二年级', '三年级', '四年级', '五年级', '六年级', '初一', '初二', '初三', '高一', '高二', '高三']

/** Grade 1 to 12 as the school says it. */
export function sayGrade(grade: number | null | undefined, locale: Locale): string {
  if (!grade) return '—'
  return locale === 'en' ? `Grade ${grade}` : (names[grade - 1] ?? String(grade))
}
