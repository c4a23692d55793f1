import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { join, same, utf8, uuidBytes } from './bytes'

export interface PublicPair { box: Uint8Array; sign: Uint8Array }

const derive = (seed: Uint8Array, purpose: string): Uint8Array => hkdf(sha256, seed, undefined, utf8(purpose), 32)

export function newSeed(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32))
}

export function publicPair(seed: Uint8Array): PublicPair {
  return {
    box: x25519.getPublicKey(derive(seed, 'xinyi box')),
    sign: ed25519.getPublicKey(derive(seed, 'xinyi sign')),
  }
}

export function signWith(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const key = derive(seed, 'xinyi sign')
  try {
    return ed25519.sign(message, key)
  } finally {
    key.fill(0)
  }
}

export function certificateMessage(personId: string, person: PublicPair, role: string): Uint8Array {
  return join(utf8('xinyi cert v1'), uuidBytes(personId), person.box, person.sign, utf8(role))
}

/** Whether a rebuilt seed is the one the room was made from. */
export function matches(seed: Uint8Array, expected: PublicPair): boolean {
  const found = publicPair(seed)
  return same(found.box, expected.box) && same(found.sign, expected.sign)
}

/** A short form of the room's public key for print: people compare it by eye. */
export function fingerprint(pair: PublicPair): string {
  const digest = sha256(join(pair.box, pair.sign)).slice(0, 10)
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.match(/.{4}/g)?.join(' ') ?? hex
}

export function wipe(...secrets: Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0)
}
