import { createI18n } from 'vue-i18n'
import { computed } from 'vue'
import type { Language } from '@xinyi/api'
import { recall, remember } from './memory'

export type Locale = 'zh-CN' | 'en'
type Messages = Record<string, unknown>

function first(): Locale {
  const kept = recall('language')
  if (kept === 'zh-CN' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('zh') || !navigator.language ? 'zh-CN' : 'en'
}

/** Files named <area>/lang/<locale>.json become messages under <area>. */
export function gather(files: Record<string, Messages>): Record<Locale, Messages> {
  const all: Record<Locale, Messages> = { 'zh-CN': {}, en: {} }
  for (const [path, messages] of Object.entries(files)) {
    const found = /([\w-]+)\/lang\/(zh-CN|en)\.json$/.exec(path)
    if (!found) continue
    all[found[2] as Locale][found[1] as string] = messages
  }
  return all
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN' as string,
  fallbackLocale: 'zh-CN',
  messages: {} as Record<string, never>,
  missingWarn: false,
  fallbackWarn: false,
})

export const locale = computed<Locale>(() => (i18n.global.locale as unknown as { value: string }).value as Locale)
/** The language of texts that come from the server. */
export const language = computed<Language>(() => (locale.value === 'en' ? 'en' : 'zh'))

export function setLocale(next: Locale): void {
  ;(i18n.global.locale as unknown as { value: Locale }).value = next
  document.documentElement.lang = next
  remember('language', next)
}

export function startLanguage(files: Record<string, Messages>): void {
  const all = gather(files)
  i18n.global.setLocaleMessage('zh-CN', all['zh-CN'] as never)
  i18n.global.setLocaleMessage('en', all.en as never)
  const begin = first()
  ;(i18n.global.locale as unknown as { value: Locale }).value = begin
  document.documentElement.lang = begin
}
