// The shapes that travel between browser and server: names for the generated types, so that screens read like their subject.
import type { components } from './schema'

type Shapes = components['schemas']

export type Id = string
/** RFC 3339 in UTC. */
export type Instant = string
/** YYYY-MM-DD in the school's calendar. */
export type PlainDate = string
export type Text = Shapes['Bilingual']
export type Language = keyof Text

export type About = Shapes['About']
export type Demo = Shapes['Demo']
export type Me = Shapes['Me']
export type Role = Me['roles'][number]
export type Need = Me['needs'][number]
export type TotpSecret = Shapes['TotpSecret']

export type SetupClaim = Shapes['Claimed']
export type SetupRoom = Shapes['MakeRoom']

export type Staff = Shapes['Colleague']
export type StaffState = Staff['state']
export type Invitation = Shapes['Invited']
export type Declaration = Shapes['DeclarationText']

export type RosterUpload = Shapes['UploadView']
export type RosterField = Shapes['FieldView']
export type Mapping = RosterUpload['mapping']
export type RosterReport = Shapes['Report']
export type RosterCount = keyof Shapes['Counts']
export type Finding = Shapes['Finding']
export type Student = Shapes['StudentItem']
export type SchoolClass = Shapes['ClassItem']

export type Term = Shapes['Term']
export type Room = Shapes['CounsellingRoom']
export type Counsellor = Shapes['Person']
export type Shift = Shapes['Shift']
/** What is free of one shift. */
export type FreeTimes = Shapes['FreeTimes']
/** One free time as a screen shows it; `slotsOf` makes them. */
export interface Slot extends Pick<FreeTimes, 'shift_id' | 'counsellor' | 'room'> { starts_at: Instant; ends_at: Instant }
export type Appointment = Shapes['Appointment']
export type AppointmentState = Appointment['state']
export type DayAppointment = Shapes['DayAppointment']
export type Day = Shapes['Day']
/** A session without a signed record; without `record_id` not even begun. Only one's own clients are named. */
export type Unsigned = Shapes['Unsigned']
export type UnsignedList = Shapes['UnsignedList']

export type RecordFields = Shapes['RecordFields']
export type RecordLine = Shapes['RecordLine']
export type CaseHead = Shapes['CaseLine']
export type CaseFile = Shapes['Case']
export type CaseRecord = Shapes['Record']
export type Looked = Shapes['Looked']
export type Card = Shapes['Card']

export type BlankForm = Shapes['FormLine']
export type Notice = Shapes['NoticeView']
export type NoticeList = Shapes['NoticeList']
/** What a stream says: that something happened, never what. */
export type HouseEvent = Shapes['Event']
export type OwnChannels = Shapes['OwnChannels']
export type MailView = Shapes['MailView']
export type HookView = Shapes['HookView']
export type HookKind = HookView['kind']
export type QuietHours = Shapes['QuietHours']
export type Outbox = Shapes['Outbox']

export type Check = Shapes['Health']
export type AuditHead = Shapes['AuditHead']
