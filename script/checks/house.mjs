// The shape of the house under src/.
import { code } from './tree.mjs'

const sources = /^src\/.*\.(cpp|hpp|def)$/

/// room -> rooms it may use, from src/arrows.txt
function plan(tree) {
  const rooms = new Map()
  for (const line of tree.lines('src/arrows.txt')) {
    const hit = /^([a-z_/]+):(.*)$/.exec(line)
    if (hit) rooms.set(hit[1], hit[2].split(/\s+/).filter(Boolean))
  }
  return rooms
}
function room_of(path, rooms) {
  return [...rooms.keys()].find((room) => path.startsWith(`${room}/`))
}

export const arrows = {
  name: 'arrows',
  reason: 'Data flows one way; a new arrow between libraries is a decision that a reader sees in one line of src/arrows.txt.',
  find(tree) {
    const rooms = plan(tree)
    const faults = []
    // The file lists a room after all that it uses, so a circle cannot be written down.
    const seen = new Set()
    for (const [room, uses] of rooms) {
      for (const use of uses) {
        if (!seen.has(use)) faults.push(`src/arrows.txt: ${room} uses ${use}, which does not stand above it: a circle, or an unknown room`)
      }
      seen.add(room)
    }
    for (const file of tree.matching(sources)) {
      const room = room_of(file.slice(4), rooms)
      if (!room) {
        faults.push(`${file}: its folder is not in src/arrows.txt`)
        continue
      }
      tree.lines(file).forEach((line, at) => {
        const header = /^\s*#\s*include\s+"([^"]+)"/.exec(line)?.[1]
        if (!header) return
        const other = room_of(header, rooms)
        if (!other) faults.push(`${file}:${at + 1}: "${header}" does not begin with a room; includes are written from src/`)
        else if (other !== room && !rooms.get(room).includes(other)) faults.push(`${file}:${at + 1}: no arrow from ${room} to ${other}`)
      })
    }
    return faults
  },
}

export const namespaces = {
  name: 'namespaces',
  reason: 'One folder, one namespace, one library: whoever sees a name knows where it lives.',
  find(tree) {
    const rooms = plan(tree)
    const names = new Map([...rooms.keys()].map((room) => [room.replace('features/', ''), room]))
    const faults = []
    for (const file of tree.matching(/^src\/.*\.(cpp|hpp)$/)) {
      const room = room_of(file.slice(4), rooms)
      if (!room) continue
      const own = room.replace('features/', '')
      let opens = 0
      code(tree.text(file)).split('\n').forEach((line, at) => {
        const hit = /^\s*(?:inline\s+)?namespace\s+xinyi(?:::([a-z_]+))?(?:::[a-z_:]+)?\s*\{(.*)$/.exec(line)
        if (!hit) return
        const [, part, rest] = hit
        if (part === 'embedded') {
          opens++  // the built-in files, which any room may name
          return
        }
        // `namespace xinyi::other { class X; }` on one line only names something of a library that may be used.
        const named = part && names.get(part)
        if (named && named !== room && /\}\s*$/.test(rest) && rooms.get(room).includes(named)) return
        opens++
        if (room === 'kernel' ? named && named !== 'kernel' : part !== own) faults.push(`${file}:${at + 1}: opens xinyi${part ? `::${part}` : ''}, but the folder is ${room}`)
      })
      const bare = code(tree.text(file)).replace(/^\s*#.*$/gm, '').trim()
      if (opens === 0 && bare && !/_(test|main|bench|fuzz)\.cpp$/.test(file)) faults.push(`${file}: opens no namespace of the house`)
    }
    return faults
  },
}

const behind = [
  [/^(sqlite3|libpq-fe|libpq\/)/, ['storage'], 'the engines are known to storage alone'],
  [/^sodium/, ['crypto'], 'primitives are used through the typed layer'],
  [/^openssl\//, ['crypto', 'http'], 'OpenSSL is for hashes behind crypto and for TLS'],
  [/^boost\/(asio|beast)/, ['http', 'app'], 'each such include costs seconds of compiling, and only the server needs sockets'],
  [/^curl\//, ['notify'], 'what leaves the house goes through one door, with its limits'],
  [/^liboath/, ['identity'], 'one-time codes belong to signing in'],
  [/^(pango|cairo|xlsxwriter)/, ['print'], 'paper and tables are made in one place, with its rules for fonts and harmless text'],
  [/^(zip|expat)\.h/, ['features/people', 'print'], 'files from outside are read in one place, with its limits'],
]
export const engines = {
  name: 'engines',
  reason: 'A library from outside is known to one room; the others use that room and its rules.',
  find(tree) {
    const rooms = plan(tree)
    return tree.matching(/^src\/.*\.(cpp|hpp)$/).flatMap((file) => {
      const room = room_of(file.slice(4), rooms)
      return tree.lines(file).flatMap((line, at) => {
        const header = /^\s*#\s*include\s+<([^>]+)>/.exec(line)?.[1]
        const rule = header && behind.find(([pattern]) => pattern.test(header))
        return rule && !rule[1].includes(room) ? [`${file}:${at + 1}: <${header}> in ${room}: ${rule[2]}`] : []
      })
    })
  },
}
