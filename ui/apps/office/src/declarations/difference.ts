export interface Line { kind: 'kept' | 'gone' | 'come'; text: string }

/** What became of every line: kept, gone, or come, in the order of reading. The longest common run of lines is kept. */
export function difference(before: string, after: string): Line[] {
  const a = before.split('\n')
  const b = after.split('\n')
  // length[i][j]: how many lines a from i and b from j have in common, in order.
  const length = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  const at = (i: number, j: number): number => length[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      ;(length[i] as number[])[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const out: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'kept', text: a[i] ?? '' })
      i += 1
      j += 1
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) {
      out.push({ kind: 'gone', text: a[i] ?? '' })
      i += 1
    } else {
      out.push({ kind: 'come', text: b[j] ?? '' })
      j += 1
    }
  }
  return out
}
