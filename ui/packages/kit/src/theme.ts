import { ref, type Ref } from 'vue'
import { recall, remember } from './memory'

export type Theme = 'auto' | 'light' | 'dark'
const media = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : undefined

export const theme: Ref<Theme> = ref('auto')

export function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'auto' && (media?.matches ?? false))
}

function apply(): void {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light'
  document.documentElement.classList.toggle('dark', isDark())
}

export function setTheme(next: Theme): void {
  theme.value = next
  remember('theme', next)
  apply()
}

export function startTheme(): void {
  const kept = recall('theme')
  if (kept === 'light' || kept === 'dark' || kept === 'auto') theme.value = kept
  media?.addEventListener('change', apply)
  apply()
}
