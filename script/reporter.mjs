// A reporter for `node --test`: one line per test, "pass|fail|skip<TAB>name". The built-in JUnit reporter is not used
// because it loses a test that fails after its parts have passed.
// A part's name carries its parents' names, joined by " > ", so that a scene's id in front is kept.
export default async function* (source) {
  const open = []
  for await (const { type, data } of source) {
    if (type === 'test:start') open[data.nesting] = data.name
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const name = [...open.slice(0, data.nesting), data.name].join(' > ').replace(/[\t\n]+/g, ' ')
    const error = data.details?.error
    const parts = error?.failureType === 'subtestsFailed'
    if (type === 'test:fail' && data.todo === undefined) {
      // A failed part makes its parents fail; it is counted once, at the part. The scene is still red by its prefix.
      if (!parts) yield `fail\t${name}\n`
    } else if (data.skip !== undefined || data.todo !== undefined) {
      yield `skip\t${name}\n`
    } else if (data.details?.type !== 'suite') {
      yield `pass\t${name}\n`
    }
  }
}
