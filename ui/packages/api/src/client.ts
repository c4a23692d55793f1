import createClient from 'openapi-fetch'
import { Problem, Unreachable, problemFrom } from './problem'

type Listener = () => void
type Event = 'ended' | 'answered' | 'lost'

export interface Ask {
  query?: Record<string, string | number | boolean | null | undefined>
  body?: unknown
  /** The version an edit is based on. */
  version?: number
  /** Repeat a request under its first key, so that it happens once. */
  key?: string
  signal?: AbortSignal
  /** Let the request outlive the page. */
  keepalive?: boolean
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

const listeners: Record<Event, Set<Listener>> = { ended: new Set(), answered: new Set(), lost: new Set() }

/** 'ended': the session is over. 'answered': the server spoke. 'lost': it did not. */
export function on(event: Event, listener: Listener): () => void {
  listeners[event].add(listener)
  return () => listeners[event].delete(listener)
}

function tell(event: Event): void {
  for (const listener of listeners[event]) listener()
}

const notSessionEnd = new Set(['sign_in_failed', 'totp_needed', 'totp_wrong', 'start_secret_wrong'])

// Until the generated paths are in, the transport is typed by the functions in calls.ts.
const transport = createClient<Record<string, never>>({ baseUrl: '', credentials: 'same-origin', cache: 'no-store' })
const send = transport.request as unknown as (
  method: string, path: string, init: Record<string, unknown>,
) => Promise<{ data?: unknown; response: Response }>

export function newKey(): string {
  // randomUUID needs a secure context; a school's http test machine may not have one.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function clean(query: Ask['query']): Record<string, unknown> | undefined {
  if (!query) return undefined
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== ''))
}

async function ask<T>(method: Method, path: string, options: Ask = {}): Promise<T> {
  const headers: Record<string, string> = {}
  if (method !== 'GET') headers['X-Xinyi'] = '1'
  if (method === 'POST') headers['Idempotency-Key'] = options.key ?? newKey()
  if (options.version !== undefined) headers['If-Match'] = `"${options.version}"`
  const raw = options.body instanceof Blob
  if (raw) headers['Content-Type'] = 'application/octet-stream'
  const init: Record<string, unknown> = { headers, params: { query: clean(options.query) }, parseAs: 'text' }
  if (options.signal) init.signal = options.signal
  if (options.keepalive) init.keepalive = true
  if (method === 'POST') init.body = options.body ?? {}
  else if (options.body !== undefined) init.body = options.body
  if (raw) init.bodySerializer = (body: unknown) => body

  let response: Response
  let text: unknown
  try {
    const answer = await send(method.toLowerCase(), path, init)
    response = answer.response
    text = answer.data
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    tell('lost')
    throw new Unreachable(cause)
  }
  tell('answered')
  if (!response.ok) {
    const problem = await readProblem(response)
    if (problem.status === 401 && !notSessionEnd.has(problem.code)) tell('ended')
    throw problem
  }
  return (typeof text === 'string' && text !== '' ? JSON.parse(text) : undefined) as T
}

/** openapi-fetch has already drained the body of a refusal; the copy kept by the middleware is read instead. */
const refusals = new WeakMap<Response, Promise<Problem>>()
transport.use({
  onResponse({ response }) {
    if (!response.ok) refusals.set(response, problemFrom(response))
    return undefined
  },
})
async function readProblem(response: Response): Promise<Problem> {
  return (await refusals.get(response)) ?? new Problem(response.status, {})
}

export const http = {
  get: <T>(path: string, query?: Ask['query'], options: Ask = {}) => ask<T>('GET', path, { ...options, query }),
  post: <T>(path: string, body?: unknown, options: Ask = {}) => ask<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body: unknown, options: Ask = {}) => ask<T>('PUT', path, { ...options, body }),
  delete: <T>(path: string, options: Ask = {}) => ask<T>('DELETE', path, options),
}
