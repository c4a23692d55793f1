// The shapes that travel between browser and server.
// Hand-written twin of the server's document; once `npm run generate` has been run,
// each interface can become an alias of components['schemas'][...] without touching a screen.

export type Id = string
/** RFC 3339 in UTC. */
export type Instant = string
/** YYYY-MM-DD in the school's calendar. */
export type PlainDate = string
export type Language = 'zh' | 'en'
export type Text = Record<Language, string>

export const roles = [
  'student', 'guardian', 'teacher', 'homeroom_teacher', 'counsellor', 'trainee', 'director', 'deputy', 'archivist',
  'crisis_team', 'committee', 'principal', 'administrator', 'reception', 'bureau',
] as const
export type Role = (typeof roles)[number]
export type Stage = 'primary' | 'junior' | 'senior'
export type Need = 'totp' | 'certification' | 'pledge'

export interface School { id: Id; name: string; zone: string; stages: Stage[] }
export interface HelpLine { name_zh: string; name_en: string; number: string }
export interface Help { place: string; hours: string; people: string; lines: HelpLine[] }
export interface About { school: School | null; demo: boolean; setup_needed: boolean; version: string; help: Help }
export interface DemoAccount { username: string; name: string; role: Role; totp_code: string | null }
export interface Demo { password: string; accounts: DemoAccount[] }

export interface Me {
  person_id: Id
  name: string
  username: string
  roles: Role[]
  school: School
  demo: boolean
  needs: Need[]
  idle_ends_at: Instant
  ends_at: Instant
  totp: boolean
  short_code?: string | null
}
export interface TotpSecret { secret: string; uri: string }

export interface SetupClaim { person_id: Id; school_id: Id; box_public: string; sign_public: string; challenge: string }
export interface SetupRoom {
  room: { box_public: string; sign_public: string }
  duty_public: string
  crisis_public: string
  room_sealed: string
  duty_sealed: string
  crisis_sealed: string
  certificate: string
  cards_proof: string
}

export type StaffState = 'invited' | 'uncertified' | 'active' | 'disabled'
export interface Staff {
  id: Id
  name: string
  username: string
  roles: Role[]
  state: StaffState
  short_code?: string | null
  version: number
}
export interface Invitation { id: Id; start_secret: string }

export interface DueDeclaration { id: Id; kind: string; version: number; title: Text; text: Text; published_at?: Instant }

export type MappingKey = string
export type Mapping = Record<MappingKey, number | null>
export interface RosterField { key: MappingKey; title_zh: string; title_en: string; required: boolean }
export interface RosterUpload {
  id: Id
  kind: 'oneroster' | 'table'
  name: string
  bytes: number
  encoding: string
  header_row: number
  columns: string[]
  sample: string[][]
  mapping: Mapping
  fields: RosterField[]
}
export type RosterCount =
  'read' | 'created' | 'changed' | 'unchanged' | 'moved' | 'promoted' | 'left' | 'refused' | 'warnings'
export interface Finding {
  file: string
  line: number
  field: string
  severity: 'refused' | 'warning'
  code: string
  value: string
  text: Text
}
export interface RosterReport {
  applied: boolean
  counts: Record<RosterCount, number>
  findings: Finding[]
  findings_total: number
}
export interface Student {
  id: Id
  name: string
  class_name: string
  grade?: number | null
  student_number: string
  state: 'enrolled' | 'left'
}
export interface StudentPage { items: Student[]; next?: Id | null; total: number }
export interface SchoolClass { id: Id; name: string; grade?: number | null; students: number }

export interface Term { id: Id; name: string; starts_on: PlainDate; ends_on: PlainDate }
export type NewTerm = Omit<Term, 'id'>
export interface Room { id: Id; name: string; function: string; capacity: number }
export type NewRoom = Omit<Room, 'id'>
export interface Counsellor { id: Id; name: string; gender?: string | null }
export interface Named { id: Id; name: string }
export interface Shift {
  id: Id
  counsellor: Named
  room: Named
  date: PlainDate
  starts_at: Instant
  ends_at: Instant
  slot_minutes: number
  appointments: number
  version: number
}
export interface NewShift {
  counsellor_id: Id
  room_id: Id
  date: PlainDate
  starts: string
  ends: string
  slot_minutes: number
}
export interface Slot {
  shift_id: Id
  starts_at: Instant
  ends_at: Instant
  counsellor: Counsellor
  room: Named
}
export type AppointmentState = 'booked' | 'cancelled' | 'came' | 'no_show'
export interface Appointment {
  id: Id
  starts_at: Instant
  ends_at: Instant
  counsellor: Named
  room: Named
  state: AppointmentState
  version: number
}
export interface NewAppointment {
  shift_id: Id
  starts_at: Instant
  reason?: string
  urgent: boolean
}
export interface OnBehalf {
  student_id: Id
  shift_id: Id
  starts_at: Instant
  walk_in: boolean
  reason?: string
}
export interface DayAppointment {
  id: Id
  starts_at: Instant
  ends_at: Instant
  room: Named
  state: AppointmentState
  walk_in: boolean
  urgent: boolean
  client?: { name: string; class_name: string } | null
  case_id?: Id | null
  record?: { id: Id; state: RecordState } | null
  has_reason: boolean
  version: number
}
/** A session without a signed record; without `record_id` not even begun. Only one's own clients are named. */
export interface Unsigned {
  record_id?: Id | null
  case_id?: Id | null
  appointment_id?: Id | null
  client_name?: string | null
  counsellor_name: string
  session_on: PlainDate
  due_at: Instant
  late: boolean
}
export interface Day {
  date: PlainDate
  term?: Term | null
  counsellor?: Named
  shifts: Shift[]
  appointments: DayAppointment[]
  free: Slot[]
  unsigned: Unsigned[]
}

export type RecordState = 'draft' | 'signed'
export type RiskLevel = 'none' | 'low' | 'medium' | 'high'
export interface RecordFields {
  session_on: PlainDate
  starts: string
  ends: string
  place: string
  way: '' | 'face' | 'video' | 'phone' | 'letter' | 'parent_talk'
  complaint: string
  aims: string
  process: string
  observation: string
  assessment: string
  risk_level: '' | RiskLevel
  methods: string
  homework: string
  effect: string
  measures: string
  contacts: string
  next_on: PlainDate
  next_plan: string
  needs: '' | 'none' | 'referral' | 'supervision'
}
export interface RecordLine {
  id: Id
  number: string
  session_number: number
  session_on: PlainDate
  state: RecordState
  signed_at?: Instant | null
  amended: boolean
  late: boolean
}
export type CaseState = 'running' | 'closed'
export interface CaseHead {
  id: Id
  number: string
  client: { name: string; class_name: string }
  state: CaseState
  opened_on: PlainDate
  counsellor: Named
  version: number
}
export interface CaseFile extends CaseHead { records: RecordLine[] }
export interface RecordVersion { version: number; signed_at: Instant; signed_by?: string; amend_reason?: string | null }
export interface CaseRecord {
  id: Id
  case_id: Id
  number: string
  session_number: number
  state: RecordState
  version: number
  fields: Partial<RecordFields>
  saved_at?: Instant | null
  due_at?: Instant
  late?: boolean
  signed_at?: Instant | null
  signed_by?: string | null
  versions: RecordVersion[]
}
export interface DraftSaved { version: number; saved_at: Instant }
export interface Looked { at: Instant; actor_name: string; act: string; text: Text; refused?: boolean; why?: string | null }
export interface Card {
  number: string
  client: { name: string; class_name: string; grade?: number | null; birth_date?: PlainDate | null; student_number: string; enrolled: boolean }
  opened_on: PlainDate
  counsellor: Named
  sessions: { on: PlainDate; state: RecordState; case_number: string }[]
  appointments: number
  classes: { class_name: string; from: PlainDate; to?: PlainDate | null }[]
}

export interface Check { id: string; ok: boolean; text: Text }
export interface AuditHead { size: number; root: string; at: Instant; signature: string; copied_at?: Instant | null }
export interface Items<T> { items: T[] }
