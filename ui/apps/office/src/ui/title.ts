import { onUnmounted, watchEffect } from 'vue'
import { i18n, locale } from '@xinyi/kit'

/** The tab shows one neutral word whatever the page: a projector or a neighbour reads tabs too. */
export function useTitle(_of: () => string): void {
  const stop = watchEffect(() => {
    void locale.value
    document.title = i18n.global.t('frame.tab')
  })
  onUnmounted(stop)
}
