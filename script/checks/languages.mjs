// Catalogues of sentences: both languages, and codes that stay apart.
const han = /\p{Script=Han}/u

export const languages = {
  name: 'languages',
  reason: 'Chinese is the first language and English is complete: a sentence that exists once is missing for somebody.',
  find(tree) {
    const faults = []
    for (const file of tree.matching(/^src\/.*\.def$/)) {
      const text = tree.text(file)
      // LOG lines are for the operator's log and English only.
      const seen = new Set()
      for (const hit of text.matchAll(/^(PROBLEM|ACT|FINDING|NOTICE|OUTSIDE)\(\s*([A-Za-z_0-9]+)\s*,([\s\S]*?)\)\s*$/gm)) {
        const at = text.slice(0, hit.index).split('\n').length
        const [, macro, id, rest] = hit
        // Adjacent pieces are one literal.
        const strings = rest.replace(/"\s*\n\s*"/g, '').match(/"(?:[^"\\]|\\.)*"/g)?.map((each) => each.slice(1, -1)) ?? []
        const [zh, en] = strings.slice(macro === 'ACT' ? 1 : 0)
        if (seen.has(id)) faults.push(`${file}:${at}: ${id} stands twice`)
        seen.add(id)
        if (!zh || !han.test(zh)) faults.push(`${file}:${at}: ${id} has no Chinese sentence`)
        if (!en || !/[A-Za-z]/.test(en) || han.test(en)) faults.push(`${file}:${at}: ${id} has no English sentence`)
      }
      const lines = (text.match(/^(PROBLEM|ACT|FINDING|NOTICE|OUTSIDE)\(/gm) ?? []).length
      if (lines !== (text.match(/^(PROBLEM|ACT|FINDING|NOTICE|OUTSIDE)\(\s*[A-Za-z_0-9]+\s*,[\s\S]*?\)\s*$/gm) ?? []).length) faults.push(`${file}: an entry cannot be read; it ends with ")" at a line's end`)
    }
    return faults
  },
}
