// What stands in files, line by line.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const own = /^(script\/checks|tests\/lint)\//
const texts = /\.(cpp|hpp|def|ts|mjs|js|vue|css|html|sql|sh|md|txt|toml|json|cmake|service|conf|yml|yaml)$|(^|\/)(CMakeLists\.txt|LICENSE|Dockerfile)$|^script\/|^\.ci\//

export const length = {
  name: 'length',
  reason: 'A file that grows past 600 lines wants a room of its own; nobody reads a longer one.',
  find(tree) {
    return tree.matching(/\.(cpp|hpp|ts|vue|sql)$/).flatMap((file) => {
      const count = tree.lines(file).length - 1
      return count > 600 ? [`${file}: ${count} lines`] : []
    })
  },
}

export const unfinished = {
  name: 'unfinished',
  reason: 'What is merged works. What does not work yet is not there, or stands in the plan, not in a comment.',
  find(tree) {
    const files = tree.matching(/\.(cpp|hpp|def|ts|mjs|vue|sql|sh|cmake)$|^script\/[a-z-]+$/).filter((file) => !own.test(file))
    return [
      ...tree.grep(files, /\b(TODO|FIXME|XXX|HACK)\b|\b[Nn]ot (yet )?implemented\b/, 'a mark of unfinished work'),
      ...tree.grep(files, /\bDISABLED_\w|\b(?:it|test|describe)\.(?:skip|only)\b/, 'a test that is switched off, or switches the others off'),
    ]
  },
}

export const alien = {
  name: 'alien',
  reason: 'The project works on anybody\'s machine: paths of one machine and hosts of one registry do not belong into it.',
  find(tree) {
    const files = tree.files.filter((file) => texts.test(file) && !own.test(file))
    return tree.grep(files, /(^|[\s"'`(=:])\/(work|root)\/|\.\.\/shared\b|\bregistry\.[a-z0-9-]+\.[a-z]+|\bnpmmirror\b|\bartifactory\b/, 'a path or host of one machine')
  },
}

export const waiver = {
  name: 'waiver',
  reason: 'No text releases the school from its responsibility for a child (CARE-12).',
  find(tree) {
    const files = tree.matching(/^(data|docs|ui|src|deploy|changes)\/|^[A-Z]+\.md$/).filter((file) => texts.test(file) && !/_test\.|\.test\./.test(file))
    return tree.grep(files, /免责|概不负责|(不承担|不负|免除)(任何|一切|相关|法律)?(的)?(责任|后果)|后果自负|责任自负|自愿放弃.{0,12}(权利|追究)|\b(hold harmless|not be (held )?(liable|responsible)|at (your|their) own risk|waives? (any|all|the|their) (right|claim)s?)\b/i, 'words that release somebody from responsibility')
  },
}

export const lockfiles = {
  name: 'lockfiles',
  reason: 'A lock file names versions and checksums, not where one developer fetched them: each machine uses its own registry.',
  find(tree) {
    return tree.grep(tree.matching(/(^|\/)package-lock\.json$/), /"resolved":\s*"[a-z+]+:\/\//, 'names a host; write it with omit-lockfile-registry-resolved')
  },
}

export const shell = {
  name: 'shell',
  reason: 'A script with a slip in its syntax is found when somebody needs it; the ones to call must be callable.',
  find(tree) {
    const scripts = tree.files.filter((file) => /\.sh$/.test(file) || (/^(script|\.ci)\/[^/.]+$/.test(file) && /^#!.*sh\b/.test(tree.lines(file)[0])))
    const faults = scripts.flatMap((file) => {
      const checked = spawnSync('bash', ['-n', join(tree.root, file)], { encoding: 'utf8' })
      return checked.status === 0 ? [] : [`${file}: ${checked.stderr.trim().split('\n')[0]}`]
    })
    for (const file of scripts) {
      if (spawnSync('test', ['-x', join(tree.root, file)]).status !== 0) faults.push(`${file}: cannot be executed (chmod +x)`)
      if (/bash/.test(tree.lines(file)[0]) && !/^set -[a-z]*u/m.test(tree.text(file)) && tree.lines(file).length > 5) faults.push(`${file}: has no "set -u"`)
    }
    return faults
  },
}
