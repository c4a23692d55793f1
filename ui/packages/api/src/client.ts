import createClient from 'openapi-fetch'
import type { paths } from './schema'
import { Problem, Unreachable, problemFrom } from './problem'

type Listener = () => void
type Event = 'ended' | 'answered' | 'lost'

export interface Ask {
  /** The version an edit is based on. */
  version?: number
  /** Repeat a request under its first key, so that it happens once. */
  key?: string
  signal?: AbortSignal
  /** Let the request outlive the page. */
  keepalive?: boolean
  /** The page asks, no person: the session's idle end does not move. */
  unasked?: boolean
}

type Verb = 'get' | 'post' | 'put' | 'delete'
type Json<T> = T extends { content: { 'application/json': infer Inside } } ? Inside : void
type Reply<Act> = Act extends { responses: infer All } ? Json<All[keyof All]> : never
type Body<Act> = Act extends { requestBody: { content: infer Kinds } }
  ? { body: Kinds extends { 'application/json': infer Inside } ? Inside : Blob }
  : { body?: never }
type Query = Record<string, string | number | null | undefined>
type Asked<Act> = Act extends { parameters: { query?: infer Known } } ? { query?: { [Key in keyof Known]?: Query[string] } } : { query?: never }
type Where<Path> = Path extends `${string}{id}${string}` ? { id: string } : { id?: never }
interface Given { id?: string; query?: Query; body?: unknown }

const listeners: Record<Event, Set<Listener>> = { ended: new Set(), answered: new Set(), lost: new Set() }

/** 'ended': the session is over. 'answered': the server spoke. 'lost': it did not. */
export function on(event: Event, listener: Listener): () => void {
  listeners[event].add(listener)
  return () => listeners[event].delete(listener)
}

function tell(event: Event): void {
  for (const listener of listeners[event]) listener()
}

let settleDebt: (() => Promise<void>) | undefined

/**
 * Who is told when an act waits for an acknowledgement that is owed: it settles the matter with the person, and the act
 * is repeated then, under its key. The page behind keeps everything that was typed.
 */
export function onDebt(settle: () => Promise<void>): () => void {
  settleDebt = settle
  return () => { if (settleDebt === settle) settleDebt = undefined }
}

const notSessionEnd = new Set(['sign_in_failed', 'totp_needed', 'totp_wrong', 'start_secret_wrong'])

const transport = createClient<paths>({ baseUrl: '', credentials: 'same-origin', cache: 'no-store' })
const send = transport.request as unknown as (
  method: string, path: string, init: Record<string, unknown>,
) => Promise<{ data?: unknown; response: Response }>

export function newKey(): string {
  // randomUUID needs a secure context; a school's http test machine may not have one.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function clean(query: Query | undefined): Record<string, unknown> | undefined {
  if (!query) return undefined
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== ''))
}

async function ask(method: Verb, path: string, given: Given, options: Ask): Promise<unknown> {
  const named = { ...options, key: options.key ?? newKey() }
  try {
    return await once(method, path, given, named)
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code !== 'pledge_needed' || !settleDebt) throw problem
    await settleDebt()
    return once(method, path, given, named)
  }
}

async function once(method: Verb, path: string, given: Given, options: Ask & { key: string }): Promise<unknown> {
  const headers: Record<string, string> = {}
  if (method !== 'get') headers['X-Xinyi'] = '1'
  if (method === 'post') headers['Idempotency-Key'] = options.key
  if (options.version !== undefined) headers['If-Match'] = `"${options.version}"`
  const raw = given.body instanceof Blob
  if (raw) headers['Content-Type'] = 'application/octet-stream'
  const params = { query: clean(given.query), ...(given.id === undefined ? {} : { path: { id: given.id } }) }
  const init: Record<string, unknown> = { headers, params, parseAs: 'text' }
  if (options.signal) init.signal = options.signal
  if (options.keepalive) init.keepalive = true
  if (method === 'post') init.body = given.body ?? {}
  else if (given.body !== undefined) init.body = given.body
  if (raw) init.bodySerializer = (body: unknown) => body

  let response: Response
  let text: unknown
  try {
    const answer = await send(method, path, init)
    response = answer.response
    text = answer.data
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    tell('lost')
    throw new Unreachable(cause)
  }
  if (!options.unasked) tell('answered')
  if (!response.ok) {
    const problem = await readProblem(response)
    if (problem.status === 401 && !notSessionEnd.has(problem.code)) tell('ended')
    throw problem
  }
  return typeof text === 'string' && text !== '' ? JSON.parse(text) : undefined
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

/** An act of the server's document: path, body, query and answer are its types, so that a screen cannot ask for what does not exist. */
export function act<Path extends keyof paths, M extends Verb & keyof paths[Path]>(
  method: M, path: Path, given: Body<paths[Path][M]> & Asked<paths[Path][M]> & Where<Path>, options: Ask = {},
): Promise<Reply<paths[Path][M]>> {
  return ask(method, path, given, options) as Promise<Reply<paths[Path][M]>>
}
