import type { Id } from '@xinyi/api'

/** What somebody had written when the session ended. In this page's memory only, and for the same person only. */
export interface Words { reason: string; urgent: boolean }
let kept: { person: Id; words: Words } | undefined

export function keepWords(person: Id, words: Words): void {
  kept = words.reason.trim() ? { person, words } : undefined
}

/** Gives them back once. Whoever signs in instead makes them be forgotten. */
export function takeWords(person: Id | undefined): Words | undefined {
  const found = kept?.person === person ? kept?.words : undefined
  kept = undefined
  return found
}
