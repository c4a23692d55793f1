// The files that the checks look at: what git tracks or would track, so that builds and node_modules never count.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export class Tree {
  constructor(root, options = {}) {
    this.root = root
    this.options = options
    const out = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, maxBuffer: 1 << 26 })
    this.files = [...new Set(out.toString().split('\0'))].filter((name) => name && existsSync(join(root, name)) && statSync(join(root, name)).isFile()).sort()
    this.texts = new Map()
  }
  matching(pattern) {
    return this.files.filter((name) => pattern.test(name))
  }
  has(name) {
    return existsSync(join(this.root, name))
  }
  text(name) {
    if (!this.texts.has(name)) this.texts.set(name, readFileSync(join(this.root, name), 'utf8'))
    return this.texts.get(name)
  }
  lines(name) {
    return this.text(name).split('\n')
  }
  /// Faults "file:line: message" for every line that the pattern finds.
  grep(names, pattern, message) {
    return names.flatMap((name) => this.lines(name).flatMap((line, at) => (pattern.test(line) ? [`${name}:${at + 1}: ${message}`] : [])))
  }
}

/// C++ without comments and texts, line by line the same: words inside them are not code.
export function code(text) {
  return text.replace(/R"([A-Za-z_]*)\([\s\S]*?\)\1"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (hit) => {
    const blank = hit.replace(/[^\n]/g, ' ')
    return hit.startsWith('"') || hit.startsWith('R') ? `"${blank.slice(2)}"` : blank
  })
}
