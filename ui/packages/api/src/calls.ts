// One function for each act of the contract, grouped by area. Screens call these and nothing else.
import { act, type Ask } from './client'
import type { Id, Mapping, PlainDate, RecordFields, SetupRoom } from './contract'
import type { components } from './schema'

type Shapes = components['schemas']
const because = (reason?: string) => (reason ? { reason } : {})

export const publicly = {
  about: () => act('get', '/api/v1/about', {}),
  demo: () => act('get', '/api/v1/demo', {}),
}

export const session = {
  current: () => act('get', '/api/v1/session', {}),
  signIn: (body: Shapes['SignIn']) => act('post', '/api/v1/session', { body }),
  first: (body: Shapes['FirstSignIn']) => act('post', '/api/v1/session/first', { body }),
  signOut: () => act('delete', '/api/v1/session', {}, { keepalive: true }),
  newTotp: () => act('post', '/api/v1/account/totp', {}),
  confirmTotp: (code: string) => act('put', '/api/v1/account/totp', { body: { code } }),
  changePassword: (current: string, next: string) => act('put', '/api/v1/account/password', { body: { current, replacement: next } }),
}

export const setup = {
  claim: (body: Shapes['Claim']) => act('post', '/api/v1/setup/claim', { body }),
  /** Back after the session ended between the claim and the room key: the password takes the start secret's place. */
  resume: (body: Shapes['Resume']) => act('post', '/api/v1/setup/session', { body }),
  /** What the claim answered, once more, for the director who made it. */
  claimed: () => act('get', '/api/v1/setup/claim', {}),
  room: (body: SetupRoom, options?: Ask) => act('post', '/api/v1/setup/room', { body }, options),
}

export const staff = {
  list: () => act('get', '/api/v1/staff', {}),
  invite: (body: Shapes['Invite'], options?: Ask) => act('post', '/api/v1/staff', { body }, options),
  inviteAgain: (id: Id) => act('post', '/api/v1/staff/{id}/invite-again', { id }),
  certify: (id: Id, short_code: string, reason: string) => act('post', '/api/v1/staff/{id}/certify', { id, body: { short_code, reason } }),
  disable: (id: Id, reason: string) => act('post', '/api/v1/staff/{id}/disable', { id, body: { reason } }),
}

export const declarations = {
  due: () => act('get', '/api/v1/declarations/due', {}),
  all: () => act('get', '/api/v1/declarations', {}),
  publish: (body: Shapes['Publish'], options?: Ask) => act('post', '/api/v1/declarations', { body }, options),
  acknowledge: (id: Id) => act('post', '/api/v1/declarations/{id}/acknowledge', { id }),
}

export const roster = {
  upload: (file: File, options?: Ask) => act('put', '/api/v1/roster/uploads', { body: file, query: { name: file.name } }, options),
  preview: (id: Id, mapping?: Mapping) => act('post', '/api/v1/roster/uploads/{id}/preview', { id, body: mapping ? { mapping } : {} }),
  import: (id: Id, mapping?: Mapping, options?: Ask) =>
    act('post', '/api/v1/roster/uploads/{id}/import', { id, body: mapping ? { mapping } : {} }, options),
  students: (query: { search?: string; class_id?: string; after?: string; limit?: number }) => act('get', '/api/v1/students', { query }),
  classes: () => act('get', '/api/v1/classes', {}),
  startSecret: (id: Id) => act('post', '/api/v1/students/{id}/start-secret', { id }),
}

export const schedule = {
  terms: () => act('get', '/api/v1/terms', {}),
  addTerm: (body: Shapes['NewTerm']) => act('post', '/api/v1/terms', { body }),
  rooms: () => act('get', '/api/v1/rooms', {}),
  addRoom: (body: Shapes['NewRoom']) => act('post', '/api/v1/rooms', { body }),
  shifts: (from: PlainDate, to: PlainDate) => act('get', '/api/v1/shifts', { query: { from, to } }),
  addShift: (body: Shapes['NewShift']) => act('post', '/api/v1/shifts', { body }),
  dropShift: (id: Id) => act('delete', '/api/v1/shifts/{id}', { id }),
  counsellors: () => act('get', '/api/v1/counsellors', {}),
  slots: (query: { from: PlainDate; to: PlainDate; counsellor_id?: Id }) => act('get', '/api/v1/slots', { query }),
  day: (date: PlainDate, counsellor_id?: Id) => act('get', '/api/v1/day', { query: { date, counsellor_id } }),
}

export const appointments = {
  book: (body: Shapes['BookSlot'], options?: Ask) => act('post', '/api/v1/appointments', { body }, options),
  onBehalf: (body: Shapes['BookOnBehalf'], options?: Ask) => act('post', '/api/v1/appointments/on-behalf', { body }, options),
  mine: () => act('get', '/api/v1/appointments/mine', {}),
  cancel: (id: Id) => act('post', '/api/v1/appointments/{id}/cancel', { id }),
  openReason: (id: Id) => act('post', '/api/v1/appointments/{id}/reason/open', { id }),
  arrive: (id: Id) => act('post', '/api/v1/appointments/{id}/arrive', { id }),
  noShow: (id: Id) => act('post', '/api/v1/appointments/{id}/no-show', { id }),
}

export const cases = {
  list: () => act('get', '/api/v1/cases', {}),
  start: (appointment_id: Id) => act('post', '/api/v1/cases', { body: { appointment_id } }),
  open: (id: Id, reason?: string) => act('post', '/api/v1/cases/{id}/open', { id, body: because(reason) }),
  whoLooked: (id: Id) => act('post', '/api/v1/cases/{id}/who-looked', { id }),
  whoLookedAtMe: () => act('get', '/api/v1/me/who-looked', {}),
  card: (id: Id, reason?: string) => act('post', '/api/v1/cases/{id}/card/open', { id, body: because(reason) }),
  /** The same for paper; it leaves its own event. */
  printCard: (id: Id, reason?: string) => act('post', '/api/v1/cases/{id}/card/print', { id, body: because(reason) }),
}

export const records = {
  start: (id: Id, appointment_id?: Id) => act('post', '/api/v1/cases/{id}/records', { id, body: appointment_id ? { appointment_id } : {} }),
  open: (id: Id, options: { reason?: string; version?: number } = {}) =>
    act('post', '/api/v1/records/{id}/open', { id, body: because(options.reason), query: { version: options.version } }),
  save: (id: Id, version: number, fields: RecordFields) => act('put', '/api/v1/records/{id}/draft', { id, body: { fields } }, { version }),
  sign: (id: Id, version: number) => act('post', '/api/v1/records/{id}/sign', { id }, { version }),
  amend: (id: Id, version: number, fields: RecordFields, reason: string) =>
    act('post', '/api/v1/records/{id}/amend', { id, body: { fields, reason } }, { version }),
  unsigned: () => act('get', '/api/v1/records/unsigned', {}),
}

/** Files have addresses: the browser opens or saves them by itself. */
const address = (path: string, query: Record<string, string | undefined>): string =>
  `${path}?${new URLSearchParams(Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined))}`
export const paper = {
  forms: () => act('get', '/api/v1/forms', {}),
  formFile: (id: string, lang: 'zh' | 'en') => address(`/api/v1/forms/${encodeURIComponent(id)}.pdf`, { lang }),
  /** The duty sheet of one's own day; with names only as a working copy. */
  dayFile: (date: PlainDate, lang: 'zh' | 'en', names = false) => address('/api/v1/day.pdf', { date, lang, names: names ? 'true' : undefined }),
  shiftsFile: (date: PlainDate, lang: 'zh' | 'en') => address('/api/v1/shifts.xlsx', { date, lang }),
}

export const notices = {
  list: (before?: Id) => act('get', '/api/v1/notices', { query: { before } }, { unasked: true }),
  read: (ids?: Id[]) => act('post', '/api/v1/notices/read', { body: ids ? { ids } : {} }),
  channels: () => act('get', '/api/v1/me/channels', {}),
  choose: (mail: string | null) => act('put', '/api/v1/me/channels', { body: { mail } }),
}

export const notify = {
  settings: () => act('get', '/api/v1/notify/settings', {}),
  setMail: (body: Shapes['SetMail'], version: number) => act('put', '/api/v1/notify/mail', { body }, { version }),
  testMail: (to: string) => act('post', '/api/v1/notify/mail/test', { body: { to } }),
  addHook: (body: Shapes['NewHook'], options?: Ask) => act('post', '/api/v1/notify/hooks', { body }, options),
  dropHook: (id: Id) => act('delete', '/api/v1/notify/hooks/{id}', { id }),
  testHook: (id: Id) => act('post', '/api/v1/notify/hooks/{id}/test', { id }),
  setQuiet: (body: Shapes['QuietHours']) => act('put', '/api/v1/notify/quiet', { body }),
  outbox: () => act('get', '/api/v1/notify/outbox', {}),
}

export const system = {
  doctor: () => act('get', '/api/v1/system/doctor', {}),
  auditHead: () => act('get', '/api/v1/audit/head', {}),
}
