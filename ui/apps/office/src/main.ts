import '@xinyi/kit/tokens.css'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/el-message.css'
import 'element-plus/theme-chalk/el-message-box.css'
import 'element-plus/theme-chalk/el-overlay.css'
import './office.css'
import { createApp } from 'vue'
import { createPinia } from 'pinia'
import { i18n, startLanguage, startTheme } from '@xinyi/kit'
import OfficeApp from './OfficeApp.vue'
import { router } from './router'

startTheme()
startLanguage(import.meta.glob('./*/lang/*.json', { eager: true, import: 'default' }))
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})
createApp(OfficeApp).use(createPinia()).use(i18n).use(router).mount('#app')
