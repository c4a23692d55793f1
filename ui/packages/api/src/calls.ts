// One function for each act of the contract, grouped by area. Screens call these and nothing else.
import { http, type Ask } from './client'
import type {
  About, Appointment, AuditHead, Card, CaseFile, CaseHead, CaseRecord, Check, Counsellor, Day, Demo, DraftSaved,
  DueDeclaration, Id, Invitation, Items, Looked, Mapping, Me, NewAppointment, NewRoom, NewShift, NewTerm, OnBehalf,
  PlainDate, RecordFields, Role, Room, RosterReport, RosterUpload, SchoolClass, SetupClaim, SetupRoom, Shift, Slot,
  Staff, StudentPage, Term, TotpSecret, Unsigned,
} from './contract'

const base = '/api/v1'
const one = (id: Id): string => encodeURIComponent(id)

export const publicly = {
  about: () => http.get<About>(`${base}/about`),
  demo: () => http.get<Demo>(`${base}/demo`),
}

export const session = {
  current: () => http.get<Me>(`${base}/session`),
  signIn: (body: { username: string; password: string; totp?: string }) => http.post<Me>(`${base}/session`, body),
  first: (body: { username: string; start_secret: string; password: string }) => http.post<Me>(`${base}/session/first`, body),
  signOut: () => http.delete<void>(`${base}/session`, { keepalive: true }),
  newTotp: () => http.post<TotpSecret>(`${base}/account/totp`),
  confirmTotp: (code: string) => http.put<Me>(`${base}/account/totp`, { code }),
  changePassword: (current: string, next: string) => http.put<void>(`${base}/account/password`, { current, replacement: next }),
}

export const setup = {
  claim: (body: { start_secret: string; username: string; password: string }) =>
    http.post<SetupClaim>(`${base}/setup/claim`, body),
  room: (body: SetupRoom, options?: Ask) => http.post<Me>(`${base}/setup/room`, body, options),
}

export const staff = {
  list: () => http.get<Items<Staff>>(`${base}/staff`),
  invite: (body: { name: string; username: string; roles: Role[]; gender?: string }, options?: Ask) =>
    http.post<Invitation>(`${base}/staff`, body, options),
  inviteAgain: (id: Id) => http.post<Invitation>(`${base}/staff/${one(id)}/invite-again`),
  certify: (id: Id, short_code: string, reason: string) =>
    http.post<Staff>(`${base}/staff/${one(id)}/certify`, { short_code, reason }),
  disable: (id: Id, reason: string) => http.post<Staff>(`${base}/staff/${one(id)}/disable`, { reason }),
}

export const declarations = {
  due: () => http.get<Items<DueDeclaration>>(`${base}/declarations/due`),
  acknowledge: (id: Id) => http.post<void>(`${base}/declarations/${one(id)}/acknowledge`, {}),
}

export const roster = {
  upload: (file: File, options?: Ask) =>
    http.put<RosterUpload>(`${base}/roster/uploads`, file, { ...options, query: { name: file.name } }),
  preview: (id: Id, mapping?: Mapping) =>
    http.post<RosterReport>(`${base}/roster/uploads/${one(id)}/preview`, mapping ? { mapping } : {}),
  import: (id: Id, mapping?: Mapping, options?: Ask) =>
    http.post<RosterReport>(`${base}/roster/uploads/${one(id)}/import`, mapping ? { mapping } : {}, options),
  students: (query: { search?: string; class_id?: string; after?: string; limit?: number }) =>
    http.get<StudentPage>(`${base}/students`, query),
  classes: () => http.get<Items<SchoolClass>>(`${base}/classes`),
}

export const schedule = {
  terms: () => http.get<Items<Term>>(`${base}/terms`),
  addTerm: (body: NewTerm) => http.post<Term>(`${base}/terms`, body),
  rooms: () => http.get<Items<Room>>(`${base}/rooms`),
  addRoom: (body: NewRoom) => http.post<Room>(`${base}/rooms`, body),
  shifts: (from: PlainDate, to: PlainDate) => http.get<Items<Shift>>(`${base}/shifts`, { from, to }),
  addShift: (body: NewShift) => http.post<Shift>(`${base}/shifts`, body),
  dropShift: (id: Id) => http.delete<void>(`${base}/shifts/${one(id)}`),
  counsellors: () => http.get<Items<Counsellor>>(`${base}/counsellors`),
  slots: (query: { from: PlainDate; to: PlainDate; counsellor_id?: Id }) =>
    http.get<Items<Slot>>(`${base}/slots`, query),
  day: (date: PlainDate, counsellor_id?: Id) => http.get<Day>(`${base}/day`, { date, counsellor_id }),
}

export const appointments = {
  book: (body: NewAppointment, options?: Ask) => http.post<Appointment>(`${base}/appointments`, body, options),
  onBehalf: (body: OnBehalf, options?: Ask) => http.post<Appointment>(`${base}/appointments/on-behalf`, body, options),
  mine: () => http.get<Items<Appointment>>(`${base}/appointments/mine`),
  cancel: (id: Id) => http.post<Appointment>(`${base}/appointments/${one(id)}/cancel`),
  openReason: (id: Id) => http.post<{ reason: string }>(`${base}/appointments/${one(id)}/reason/open`),
  arrive: (id: Id) => http.post<unknown>(`${base}/appointments/${one(id)}/arrive`),
  noShow: (id: Id) => http.post<unknown>(`${base}/appointments/${one(id)}/no-show`),
}

export const cases = {
  list: () => http.get<Items<CaseHead>>(`${base}/cases`),
  start: (appointment_id: Id) => http.post<CaseFile>(`${base}/cases`, { appointment_id }),
  open: (id: Id, reason?: string) => http.post<CaseFile>(`${base}/cases/${one(id)}/open`, reason ? { reason } : {}),
  whoLooked: (id: Id) => http.post<Items<Looked>>(`${base}/cases/${one(id)}/who-looked`),
  whoLookedAtMe: () => http.get<Items<Looked>>(`${base}/me/who-looked`),
  card: (id: Id, reason?: string) => http.post<Card>(`${base}/cases/${one(id)}/card/open`, reason ? { reason } : {}),
  /** The same for paper; it leaves its own event. */
  printCard: (id: Id, reason?: string) => http.post<Card>(`${base}/cases/${one(id)}/card/print`, reason ? { reason } : {}),
}

export const records = {
  start: (caseId: Id, appointment_id?: Id) =>
    http.post<CaseRecord>(`${base}/cases/${one(caseId)}/records`, appointment_id ? { appointment_id } : {}),
  open: (id: Id, options: { reason?: string; version?: number } = {}) =>
    http.post<CaseRecord>(`${base}/records/${one(id)}/open`, options.reason ? { reason: options.reason } : {}, {
      query: { version: options.version },
    }),
  save: (id: Id, version: number, fields: Partial<RecordFields>) =>
    http.put<DraftSaved>(`${base}/records/${one(id)}/draft`, { fields }, { version }),
  sign: (id: Id, version: number) => http.post<CaseRecord>(`${base}/records/${one(id)}/sign`, {}, { version }),
  amend: (id: Id, version: number, fields: Partial<RecordFields>, reason: string) =>
    http.post<CaseRecord>(`${base}/records/${one(id)}/amend`, { fields, reason }, { version }),
  unsigned: () => http.get<Items<Unsigned>>(`${base}/records/unsigned`),
}

export const system = {
  doctor: () => http.get<Items<Check>>(`${base}/system/doctor`),
  auditHead: () => http.get<AuditHead>(`${base}/audit/head`),
}
