// What the built program says about its own routes.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const open_list = 'data/anonymous_routes.txt'

export const routes = {
  name: 'routes',
  reason: 'What answers without signing in is a closed list that a reader can judge; what changes something leaves an event.',
  find(tree) {
    let text
    if (tree.options.routes) text = readFileSync(tree.options.routes, 'utf8')
    else {
      const program = join(tree.root, 'build/release/bin/xinyi')
      if (!existsSync(program)) return ['build/release/bin/xinyi is not built: run script/build xinyi']
      text = execFileSync(program, ['routes', '--json'], { maxBuffer: 1 << 26 }).toString()
    }
    const parsed = JSON.parse(text)
    const list = Array.isArray(parsed) ? parsed : parsed.routes
    if (!Array.isArray(list) || list.length === 0) return ['xinyi routes --json lists no route']
    const kind = (route) => route.rule?.kind ?? route.rule
    const name = (route) => `${route.method.toUpperCase()} ${route.path}`
    const faults = []
    const allowed = new Set(tree.has(open_list) ? tree.lines(open_list).map((line) => line.replace(/#.*$/, '').trim()).filter(Boolean) : [])
    const seen = new Set()
    for (const route of list) {
      const who = kind(route)
      if (typeof who !== 'string') faults.push(`${name(route)}: no rule`)
      if (who === 'anonymous' || who === 'set_up') {
        seen.add(name(route))
        if (!allowed.has(name(route))) faults.push(`${name(route)}: answers without signing in and is not in ${open_list}`)
      }
      if (route.method.toUpperCase() !== 'GET' && !route.act) faults.push(`${name(route)}: changes something and names no audit act`)
    }
    for (const entry of allowed) if (!seen.has(entry)) faults.push(`${open_list}: ${entry} is no such route; take the line out`)
    return faults
  },
}
