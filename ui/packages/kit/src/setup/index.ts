export { cardCount, cardsNeeded, groupCard, readCard, rebuild, type ReadCard, type RecoveryCard } from './cards'
export { fingerprint, wipe } from './keys'
export { RoomKeys } from './room'
