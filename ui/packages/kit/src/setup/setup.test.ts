import { describe, expect, it } from 'vitest'
import { createRequire } from 'node:module'
import type Sodium from 'libsodium-wrappers'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64, toBase64, utf8 } from './bytes'
import { groupCard, makeCards, readCard, rebuild } from './cards'
import { certificateMessage, newSeed, publicPair } from './keys'
import { RoomKeys } from './room'
import { seal, unseal } from './sealed'

// The package's module build lacks a file; its CommonJS build is whole.
const sodium = createRequire(import.meta.url)('libsodium-wrappers') as typeof Sodium

function bothOk(...typed: string[]) {
  return typed.map(readCard)
}

describe('sealed boxes', () => {
  it('open with libsodium, and libsodium’s open here', async () => {
    await sodium.ready
    const pair = sodium.crypto_box_keypair()
    for (let i = 0; i < 20; i += 1) {
      const message = newSeed()
      expect(sodium.crypto_box_seal_open(seal(message, pair.publicKey), pair.publicKey, pair.privateKey)).toEqual(message)
      expect(unseal(sodium.crypto_box_seal(message, pair.publicKey), pair.privateKey)).toEqual(message)
    }
  })

  it('do not open after one bit has changed', () => {
    const secret = newSeed()
    const sealed = seal(newSeed(), x25519.getPublicKey(secret))
    for (const at of [0, 31, 32, 47, 48, sealed.length - 1]) {
      const broken = sealed.slice()
      broken[at] = (broken[at] as number) ^ 1
      expect(() => unseal(broken, secret)).toThrow()
    }
  })
})

describe('recovery cards', () => {
  it('rebuild the seed from every pair, in either order', async () => {
    const seed = newSeed()
    const cards = await makeCards(seed)
    expect(cards.map((card) => card.number)).toEqual([1, 2, 3])
    for (const [a, b] of [[0, 1], [1, 0], [0, 2], [2, 0], [1, 2], [2, 1]] as const) {
      const [first, second] = bothOk(cards[a]!.text, cards[b]!.text)
      expect(await rebuild(first!, second!)).toEqual({ ok: true, seed })
    }
  })

  it('accept what a hand or a scanner makes of them', async () => {
    const [card] = await makeCards(newSeed())
    const typed = ` ${card!.text.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('-', ' ')}\r\n`
    expect(readCard(typed)).toEqual(readCard(card!.text))
    expect(groupCard(typed)).toBe(card!.text)
  })

  it('notice any single wrong letter', async () => {
    const [card] = await makeCards(newSeed())
    const plain = card!.text.replaceAll('-', '')
    for (let i = 0; i < plain.length; i += 1) {
      const other = plain[i] === '7' ? '8' : '7'
      expect(readCard(plain.slice(0, i) + other + plain.slice(i + 1)).ok).toBe(false)
    }
    expect(readCard(plain.slice(1))).toEqual({ ok: false, why: 'short' })
  })

  it('refuse the same card twice and cards of another set', async () => {
    const [one, two] = await makeCards(newSeed())
    const [, strange] = await makeCards(newSeed())
    expect(await rebuild(readCard(one!.text), readCard(one!.text))).toEqual({ ok: false, why: 'same' })
    expect(await rebuild(readCard(one!.text), readCard(strange!.text))).toEqual({ ok: false, why: 'other_set' })
    expect((await rebuild(readCard(one!.text), readCard(two!.text))).ok).toBe(true)
  })
})

describe('the request that ends set-up', () => {
  it('gives the server sealed seeds and signatures that hold', async () => {
    const boxSecret = newSeed()
    const signSecret = newSeed()
    const director = { box: x25519.getPublicKey(boxSecret), sign: ed25519.getPublicKey(signSecret) }
    const challenge = newSeed()
    const person_id = '0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6'
    const room = new RoomKeys()
    const [, two, three] = await room.cards()
    const rebuilt = await rebuild(readCard(two!.text), readCard(three!.text))
    if (!rebuilt.ok) throw new Error(rebuilt.why)
    const sent = room.request(
      { person_id, school_id: person_id, box_public: toBase64(director.box), sign_public: toBase64(director.sign), challenge: toBase64(challenge), roles: 'director' },
      rebuilt.seed,
    )
    const sign = fromBase64(sent.room.sign_public)
    expect(ed25519.verify(fromBase64(sent.cards_proof), challenge, sign)).toBe(true)
    expect(ed25519.verify(fromBase64(sent.certificate), certificateMessage(person_id, director, 'director'), sign)).toBe(true)
    const seeds = [sent.room_sealed, sent.duty_sealed, sent.crisis_sealed].map((each) => unseal(fromBase64(each), boxSecret))
    expect(toBase64(publicPair(seeds[0]!).box)).toBe(sent.room.box_public)
    expect(toBase64(publicPair(seeds[1]!).box)).toBe(sent.duty_public)
    expect(toBase64(publicPair(seeds[2]!).box)).toBe(sent.crisis_public)
    for (const seed of seeds) {
      const raw = toBase64(seed)
      expect(JSON.stringify(sent)).not.toContain(raw)
    }
    expect(certificateMessage(person_id, director, 'director').length).toBe(13 + 16 + 32 + 32 + 8)
  })

  it('refuses a key that the cards did not rebuild', () => {
    const room = new RoomKeys()
    const empty = toBase64(new Uint8Array(32))
    expect(() =>
      room.request({ person_id: 'x', school_id: 'x', box_public: empty, sign_public: empty, challenge: empty, roles: 'director' }, newSeed()),
    ).toThrow()
  })

  it('derives both halves from one seed by name', () => {
    const seed = new Uint8Array(32).fill(7)
    const box = hkdf(sha256, seed, new Uint8Array(0), utf8('xinyi box'), 32)
    expect(publicPair(seed).box).toEqual(x25519.getPublicKey(box))
  })
})
