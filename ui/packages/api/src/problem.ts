import type { Language, Text } from './contract'

export interface FieldProblem { field: string; code: string; text?: Text }

/** The server answered, and the answer was no. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly fields: FieldProblem[]
  readonly id: string | undefined
  /** Everything else the server sent along: `current`, `free`, `retry_after_s` … */
  readonly extra: Readonly<Record<string, unknown>>
  private readonly texts: Text | undefined

  constructor(status: number, body: Record<string, unknown>) {
    const { code, text, field, problems, id, title, type: _type, status: _status, ...extra } = body
    super(typeof title === 'string' ? title : `HTTP ${status}`)
    this.name = 'Problem'
    this.status = status
    this.code = typeof code === 'string' ? code : 'unknown'
    this.field = typeof field === 'string' ? field : undefined
    this.fields = Array.isArray(problems) ? (problems as FieldProblem[]) : []
    this.id = typeof id === 'string' ? id : undefined
    this.extra = extra
    this.texts = isText(text) ? text : undefined
  }

  text(language: Language): string | undefined {
    return this.texts?.[language]
  }

  /** The sentence for one input, if the server named it. */
  at(field: string, language: Language): string | undefined {
    const own = this.fields.find((each) => each.field === field)
    if (own) return own.text?.[language] ?? this.text(language)
    return this.field === field ? this.text(language) : undefined
  }
}

/** No answer arrived. The same request may be repeated with the same key. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('unreachable', { cause })
    this.name = 'Unreachable'
  }
}

function isText(value: unknown): value is Text {
  return typeof value === 'object' && value !== null && 'zh' in value && 'en' in value
}

export async function problemFrom(response: Response): Promise<Problem> {
  let body: unknown
  try {
    body = await response.clone().json()
  } catch {
    body = undefined
  }
  return new Problem(response.status, typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {})
}
