// What the director's browser and a phone compute, written again from the wire's description, so that the scenes do
// not lean on the program's own code.
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { ed25519, x25519 } from '../../ui/node_modules/@noble/curves/ed25519.js'
import { hsalsa, xsalsa20poly1305 } from '../../ui/node_modules/@noble/ciphers/salsa.js'
import { blake2b } from '../../ui/node_modules/@noble/hashes/blake2.js'
import { combine, split } from '../../ui/node_modules/shamir-secret-sharing/esm/index.js'

export { ed25519, x25519 }
export const base64 = (bytes) => Buffer.from(bytes).toString('base64')
export const fromBase64 = (text) => new Uint8Array(Buffer.from(text, 'base64'))
export const uuidBytes = (id) => Buffer.from(id.replaceAll('-', ''), 'hex')
export const uuidText = (bytes) => Buffer.from(bytes).toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

// -- RFC 6238 and RFC 4648
function fromBase32(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...text.replaceAll('=', '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))
}
export function totp(secret, step) {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

// -- the room's keys
const derive = (seed, purpose) => new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), purpose, 32))
export function pairOf(seed) {
  const sign = derive(seed, 'xinyi sign')
  return { box: x25519.getPublicKey(derive(seed, 'xinyi box')), sign: ed25519.getPublicKey(sign), secret: sign }
}

const words = (bytes) => new Uint32Array(Uint8Array.from(bytes).buffer)
/** libsodium's crypto_box_seal. */
export function seal(message, recipient) {
  const secret = randomBytes(32)
  const ephemeral = x25519.getPublicKey(secret)
  const key = new Uint32Array(8)
  hsalsa(words(Buffer.from('expand 32-byte k')), words(x25519.getSharedSecret(secret, recipient)), new Uint32Array(4), key)
  const nonce = blake2b(Buffer.concat([ephemeral, recipient]), { dkLen: 24 })
  return Buffer.concat([ephemeral, xsalsa20poly1305(new Uint8Array(key.buffer), nonce).encrypt(message)])
}

/** The director's part of set-up: seeds, three cards of which two rebuild the room's seed, sealed copies, signatures. */
export class Ceremony {
  seeds = { room: randomBytes(32), duty: randomBytes(32), crisis: randomBytes(32) }
  room = pairOf(this.seeds.room)
  async cards() { return split(new Uint8Array(this.seeds.room), 3, 2) }
  async rebuild(first, second) { return combine([first, second]) }
  message(claim, rebuilt, { person = claim.person_id, roles = claim.roles } = {}) {
    const director = { box: fromBase64(claim.box_public), sign: fromBase64(claim.sign_public) }
    const certified = Buffer.concat([Buffer.from('xinyi cert v1'), uuidBytes(person), director.box, director.sign, Buffer.from(roles)])
    const sealed = (seed) => base64(seal(seed, director.box))
    return {
      room: { box_public: base64(this.room.box), sign_public: base64(this.room.sign) },
      duty_public: base64(pairOf(this.seeds.duty).box),
      crisis_public: base64(pairOf(this.seeds.crisis).box),
      room_sealed: sealed(this.seeds.room),
      duty_sealed: sealed(this.seeds.duty),
      crisis_sealed: sealed(this.seeds.crisis),
      certificate: base64(ed25519.sign(certified, this.room.secret)),
      cards_proof: base64(ed25519.sign(fromBase64(claim.challenge), pairOf(rebuilt).secret)),
    }
  }
}

// -- the audit tree (RFC 6962 hashes)
const node = (left, right) => sha256(Buffer.of(1), left, right)
/** Whether leaf bytes stand at their place under a signed head, from the public key, the head and the proof alone. */
export function leafIsIn({ head, proof, bytes, log_public }) {
  const size = Buffer.alloc(8), at = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(head.size))
  at.writeBigInt64BE(BigInt(Date.parse(head.at)) * 1000n + BigInt((head.at.match(/\.\d{3}(\d{3})/) ?? [0, 0])[1]))
  const said = Buffer.concat([Buffer.from('xinyi head v1'), size, Buffer.from(head.root, 'hex'), at, uuidBytes(head.school)])
  if (!ed25519.verify(fromBase64(head.signature), said, fromBase64(log_public))) return 'the head is not signed by the log'
  const p = Buffer.from(proof, 'base64')
  if (p[0] !== 1) return 'not a proof of inclusion'
  let index = p.readBigUInt64BE(1), last = p.readBigUInt64BE(9) - 1n
  if (Number(last + 1n) !== head.size) return 'a proof for another head'
  let hash = sha256(Buffer.of(0), Buffer.from(bytes, 'base64'))
  for (let i = 0; i < p[17]; i += 1) {
    if (last === 0n) return 'the proof is too long'
    const other = p.subarray(18 + 32 * i, 50 + 32 * i)
    if (index & 1n || index === last) {
      hash = node(other, hash)
      while (!(index & 1n) && index !== 0n) { index >>= 1n; last >>= 1n }
    } else hash = node(hash, other)
    index >>= 1n
    last >>= 1n
  }
  return last === 0n && hash.toString('hex') === head.root ? '' : 'the leaf does not lead to the root'
}
