// libsodium's sealed box: only the holder of the recipient's secret key can open it,
// and the sender keeps nothing that could.
import { x25519 } from '@noble/curves/ed25519.js'
import { hsalsa, xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { join, same } from './bytes'

function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true))
}

const sigma = words(new TextEncoder().encode('expand 32-byte k'))

function boxKey(secret: Uint8Array, peer: Uint8Array): Uint8Array {
  const shared = x25519.getSharedSecret(secret, peer)
  const out = new Uint32Array(8)
  hsalsa(sigma, words(shared), new Uint32Array(4), out)
  const key = new Uint8Array(32)
  const view = new DataView(key.buffer)
  out.forEach((word, i) => view.setUint32(i * 4, word, true))
  shared.fill(0)
  out.fill(0)
  return key
}

function nonceFor(ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return blake2b(join(ephemeral, recipient), { dkLen: 24 })
}

export function seal(message: Uint8Array, recipient: Uint8Array): Uint8Array {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const ephemeral = x25519.getPublicKey(secret)
  const key = boxKey(secret, recipient)
  const sealed = xsalsa20poly1305(key, nonceFor(ephemeral, recipient)).encrypt(message)
  secret.fill(0)
  key.fill(0)
  return join(ephemeral, sealed)
}

/** Used by tests only: the browser never holds a recipient's secret. */
export function unseal(sealed: Uint8Array, secret: Uint8Array): Uint8Array {
  const recipient = x25519.getPublicKey(secret)
  const ephemeral = sealed.slice(0, 32)
  if (same(ephemeral, recipient)) throw new RangeError('not a sealed box')
  return xsalsa20poly1305(boxKey(secret, ephemeral), nonceFor(ephemeral, recipient)).decrypt(sealed.slice(32))
}
