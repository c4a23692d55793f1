/** Only what can be said without the server; it judges strength. */
export const shortest = 10

export function passwordFault(first: string, second: string): 'short' | 'differ' | undefined {
  if ([...first].length < shortest) return 'short'
  return first === second ? undefined : 'differ'
}
