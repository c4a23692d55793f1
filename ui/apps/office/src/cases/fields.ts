import type { RecordFields } from '@xinyi/api'

export type FieldKey = keyof RecordFields
/** As the screen edits them: empty where nothing stands. */
export type Fields = Record<FieldKey, string>
export type FieldKind = 'date' | 'time' | 'line' | 'text' | 'choice'
export interface FieldPlan { key: FieldKey; kind: FieldKind; options?: string[]; rows?: number; must?: boolean }
export interface GroupPlan { key: string; fields: FieldPlan[] }

export const groups: GroupPlan[] = [
  {
    key: 'when',
    fields: [
      { key: 'session_on', kind: 'date', must: true },
      { key: 'starts', kind: 'time' },
      { key: 'ends', kind: 'time' },
      { key: 'place', kind: 'line' },
      { key: 'way', kind: 'choice', options: ['face', 'video', 'phone', 'letter', 'parent_talk'] },
    ],
  },
  { key: 'why', fields: [{ key: 'complaint', kind: 'text', rows: 3, must: true }, { key: 'aims', kind: 'text', rows: 2 }] },
  { key: 'course', fields: [{ key: 'process', kind: 'text', rows: 8, must: true }, { key: 'observation', kind: 'text', rows: 3 }] },
  {
    key: 'judgement',
    fields: [
      { key: 'risk_level', kind: 'choice', options: ['none', 'low', 'medium', 'high'], must: true },
      { key: 'assessment', kind: 'text', rows: 4, must: true },
    ],
  },
  {
    key: 'work',
    fields: [
      { key: 'methods', kind: 'text', rows: 2 },
      { key: 'measures', kind: 'text', rows: 3, must: true },
      { key: 'homework', kind: 'text', rows: 2 },
      { key: 'effect', kind: 'text', rows: 2 },
      { key: 'contacts', kind: 'text', rows: 2 },
    ],
  },
  {
    key: 'after',
    fields: [
      { key: 'next_on', kind: 'date' },
      { key: 'needs', kind: 'choice', options: ['none', 'referral', 'supervision'] },
      { key: 'next_plan', kind: 'text', rows: 2 },
    ],
  },
]

export const allKeys: FieldKey[] = groups.flatMap((group) => group.fields.map((field) => field.key))

export function complete(fields: RecordFields): Fields {
  return Object.fromEntries(allKeys.map((key) => [key, fields[key] ?? ''])) as Fields
}

/** Empty fields are left out: an empty string is no date and no choice. */
export function filled(fields: Fields): RecordFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value != null))
}

export function different(a: Fields | RecordFields, b: Fields | RecordFields): FieldKey[] {
  return allKeys.filter((key) => (a[key] ?? '') !== (b[key] ?? ''))
}

export function missing(fields: Fields): FieldKey[] {
  return groups.flatMap((group) => group.fields).filter((field) => field.must && !fields[field.key]).map((field) => field.key)
}
