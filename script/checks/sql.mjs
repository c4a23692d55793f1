import { code } from './tree.mjs'

export const sql = {
  name: 'sql',
  reason: 'A statement is a literal, so that nothing a person typed can become part of it; the engines are spoken to in storage alone.',
  find(tree) {
    // The failing disk of the fault campaigns stands below the engine.
    const inside = /^(src\/storage|tests\/faults)\//
    const faults = []
    for (const file of tree.matching(/^(src|tests)\/.*\.(cpp|hpp)$/)) {
      const text = code(tree.text(file))
      text.split('\n').forEach((line, at) => {
        const say = (what) => faults.push(`${file}:${at + 1}: ${what}`)
        if (!inside.test(file)) {
          const call = /\b(sqlite3_[a-z_0-9]+|PQ(?:exec|send|prepare|connect)\w*)\s*\(/.exec(line)
          if (call) say(`${call[1]} belongs to storage`)
          if (/(?<!constexpr (?:storage::)?)\bSql\s+\w+\s*[;={(]/.test(line) || /\.\s*text\s*=\s*\w+\s*\.\s*c_str/.test(line)) say('a variable of type Sql could be given another text; write the literal where it is used')
          if (/(?:reinterpret_cast|const_cast|bit_cast)\s*<[^>]*\bSql\b/.test(line)) say('a cast to Sql goes around the rule that a statement is a literal')
        }
      })
      // The statement is the first argument: a literal, also of several pieces, and nothing joined to it.
      if (!inside.test(file)) {
        for (const hit of text.matchAll(/\b(?:tx|read|write)\s*\.\s*(?:query|exec|one)\s*\(\s*([^")\s][^,)]*)/g)) {
          const at = text.slice(0, hit.index).split('\n').length
          if (!/^k[A-Z]\w*\s*$/.test(hit[1])) faults.push(`${file}:${at}: the statement is not written as a literal here: ${hit[1].trim().slice(0, 40)}`)
        }
      }
    }
    return faults
  },
}
