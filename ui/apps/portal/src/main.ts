import '@xinyi/kit/tokens.css'
import 'vant/es/style/base.css'
import 'vant/es/loading/index.css'
import 'vant/es/button/index.css'
import 'vant/es/cell/index.css'
import 'vant/es/field/index.css'
import 'vant/es/switch/index.css'
import './portal.css'
import { createApp } from 'vue'
import { i18n, startLanguage, startTheme } from '@xinyi/kit'
import PortalFrame from './frame/PortalFrame.vue'
import { markStart } from './frame/quickExit'
import { router } from './router'

markStart()
startTheme()
startLanguage(import.meta.glob('./*/lang/*.json', { eager: true, import: 'default' }))
// A page kept by the browser for its back button must not come alive again after a quick exit.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})
createApp(PortalFrame).use(i18n).use(router).mount('#app')
