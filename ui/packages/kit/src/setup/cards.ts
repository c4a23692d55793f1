// Recovery cards: any two of three rebuild the room's seed, one alone says nothing.
// The text on a card survives being read aloud, typed with O for 0 or I for 1, or scanned.
import { combine, split } from 'shamir-secret-sharing'
import { sha256 } from '@noble/hashes/sha2.js'
import { join, same } from './bytes'
import { publicPair } from './keys'

export const cardCount = 3
export const cardsNeeded = 2

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const version = 1
const headBytes = 8
const checkBytes = 4
const shareBytes = 33
const wholeBytes = headBytes + shareBytes + checkBytes
const groupSize = 4

export interface RecoveryCard { number: number; text: string }
export type ReadCard =
  | { ok: true; number: number; set: Uint8Array; share: Uint8Array }
  | { ok: false; why: 'short' | 'letters' | 'mistyped' | 'version' }

function encode(bytes: Uint8Array): string {
  let out = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += letters[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  if (bits > 0) out += letters[(held << (5 - bits)) & 31]
  return out
}

function decode(text: string): Uint8Array | undefined {
  const out: number[] = []
  let held = 0
  let bits = 0
  for (const letter of text) {
    const value = letters.indexOf(letter)
    if (value < 0) return undefined
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      out.push((held >> bits) & 255)
      held &= (1 << bits) - 1
    }
  }
  return held === 0 ? Uint8Array.from(out) : undefined
}

const wholeLetters = Math.ceil((wholeBytes * 8) / 5)
const check = (body: Uint8Array): Uint8Array => sha256(body).slice(0, checkBytes)

/** Marks cards that belong together, without telling anything about the key. */
function setMark(seed: Uint8Array): Uint8Array {
  return sha256(publicPair(seed).sign).slice(0, headBytes - 2)
}

export async function makeCards(seed: Uint8Array): Promise<RecoveryCard[]> {
  const shares = await split(seed, cardCount, cardsNeeded)
  const set = setMark(seed)
  return shares.map((share, index) => {
    const body = join(Uint8Array.of(version, index + 1), set, share)
    const text = encode(join(body, check(body)))
    share.fill(0)
    return { number: index + 1, text: text.match(/.{1,4}/g)?.join('-') ?? text }
  })
}

export function tidyCard(typed: string): string {
  return typed.normalize('NFKC').toUpperCase().replace(/[^0-9A-Z]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
}

export function groupCard(typed: string): string {
  return tidyCard(typed).slice(0, wholeLetters).match(new RegExp(`.{1,${groupSize}}`, 'g'))?.join('-') ?? ''
}

export function readCard(typed: string): ReadCard {
  const text = tidyCard(typed)
  if (text.length !== wholeLetters) return { ok: false, why: 'short' }
  const bytes = decode(text)
  if (!bytes || bytes.length < wholeBytes) return { ok: false, why: 'letters' }
  const body = bytes.slice(0, wholeBytes - checkBytes)
  if (!same(check(body), bytes.slice(wholeBytes - checkBytes, wholeBytes))) return { ok: false, why: 'mistyped' }
  if (body[0] !== version) return { ok: false, why: 'version' }
  return { ok: true, number: body[1] as number, set: body.slice(2, headBytes), share: body.slice(headBytes) }
}

export type Rebuilt = { ok: true; seed: Uint8Array } | { ok: false; why: 'same' | 'other_set' | 'wrong' }

export async function rebuild(first: ReadCard, second: ReadCard): Promise<Rebuilt> {
  if (!first.ok || !second.ok) return { ok: false, why: 'wrong' }
  if (first.number === second.number) return { ok: false, why: 'same' }
  if (!same(first.set, second.set)) return { ok: false, why: 'other_set' }
  const seed = await combine([first.share, second.share])
  if (!same(setMark(seed), first.set)) return { ok: false, why: 'wrong' }
  return { ok: true, seed }
}
