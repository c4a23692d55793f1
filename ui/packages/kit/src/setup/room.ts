import type { SetupClaim, SetupRoom } from '@xinyi/api'
import { fromBase64, toBase64 } from './bytes'
import { certificateMessage, matches, newSeed, publicPair, signWith, wipe, type PublicPair } from './keys'
import { makeCards, type RecoveryCard } from './cards'
import { seal } from './sealed'

/** The seeds live here, in the memory of one page, until the wizard is done. */
export class RoomKeys {
  private readonly roomSeed = newSeed()
  private readonly dutySeed = newSeed()
  private readonly crisisSeed = newSeed()
  readonly publicKeys: PublicPair = publicPair(this.roomSeed)

  cards(): Promise<RecoveryCard[]> {
    return makeCards(this.roomSeed)
  }

  belongs(seed: Uint8Array): boolean {
    return matches(seed, this.publicKeys)
  }

  /** What the server gets: public halves, sealed seeds, two signatures. `rebuilt` comes from two cards, `claim.roles` is the list as the certificate says it. */
  request(claim: SetupClaim, rebuilt: Uint8Array): SetupRoom {
    if (!this.belongs(rebuilt)) throw new Error('the cards rebuild another key')
    const director = { box: fromBase64(claim.box_public), sign: fromBase64(claim.sign_public) }
    const sealed = (seed: Uint8Array): string => toBase64(seal(seed, director.box))
    return {
      room: { box_public: toBase64(this.publicKeys.box), sign_public: toBase64(this.publicKeys.sign) },
      duty_public: toBase64(publicPair(this.dutySeed).box),
      crisis_public: toBase64(publicPair(this.crisisSeed).box),
      room_sealed: sealed(this.roomSeed),
      duty_sealed: sealed(this.dutySeed),
      crisis_sealed: sealed(this.crisisSeed),
      certificate: toBase64(signWith(this.roomSeed, certificateMessage(claim.person_id, director, claim.roles))),
      cards_proof: toBase64(signWith(rebuilt, fromBase64(claim.challenge))),
    }
  }

  forget(): void {
    wipe(this.roomSeed, this.dutySeed, this.crisisSeed)
  }
}
