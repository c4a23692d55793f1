// The only two things either app may leave on a machine. Anything else does not compile.
export type Remembered = 'theme' | 'language'

export function recall(key: Remembered): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function remember(key: Remembered, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // A browser without storage keeps the choice until the page is closed.
  }
}
