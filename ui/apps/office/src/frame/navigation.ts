import type { Component } from 'vue'
import type { Role } from '@xinyi/api'
import { Bell, Calendar, Collection, Document, Files, Monitor, Printer, Sunny, Upload, User, UserFilled } from '@element-plus/icons-vue'

export interface NavItem { to: string; key: string; icon: Component; roles: Role[] }

// For comfort only: the server decides what anybody may do.
export const navigation: NavItem[] = [
  { to: '/d', key: 'today', icon: Sunny, roles: ['counsellor', 'trainee', 'director', 'deputy', 'reception', 'crisis_team'] },
  { to: '/c', key: 'cases', icon: Files, roles: ['counsellor', 'trainee', 'director', 'deputy'] },
  { to: '/g', key: 'schedule', icon: Calendar, roles: ['counsellor', 'director', 'deputy', 'reception'] },
  { to: '/s', key: 'students', icon: User, roles: ['director', 'deputy', 'administrator', 'counsellor', 'reception'] },
  { to: '/i', key: 'import', icon: Upload, roles: ['director', 'administrator'] },
  { to: '/t', key: 'staff', icon: UserFilled, roles: ['director'] },
  { to: '/f', key: 'forms', icon: Printer, roles: [] },
  { to: '/e', key: 'declarations', icon: Document, roles: ['director'] },
  { to: '/y', key: 'system', icon: Monitor, roles: ['administrator', 'director'] },
  { to: '/o', key: 'notify', icon: Bell, roles: ['director', 'administrator'] },
  { to: '/me', key: 'account', icon: Collection, roles: [] },
]
