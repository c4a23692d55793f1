// Says how large the first load of each app is once compressed; fails when the portal's is over its limit.
import { readFile, readdir } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const limits = { portal: 150, office: 0 }
const root = new URL('../dist/', import.meta.url)
let bad = false
for (const [app, limit] of Object.entries(limits)) {
  const base = app === 'office' ? '/office/' : '/'
  const home = new URL(`${app}/`, root)
  const html = await readFile(new URL('index.html', home), 'utf8')
  const first = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css|svg))"/g)].map((hit) => hit[1].slice(base.length))
  const size = async (path) => gzipSync(await readFile(new URL(path, home)), { level: 9 }).length
  let sum = gzipSync(html).length
  for (const path of first) sum += await size(path)
  let all = 0
  const files = await readdir(new URL('assets/', home))
  for (const file of files) all += await size(`assets/${file}`)
  const kilo = (bytes) => (bytes / 1024).toFixed(1)
  console.log(`${app}: first load ${kilo(sum)} KB, everything ${kilo(all)} KB in ${files.length} files (gzip)`)
  if (limit && sum > limit * 1024) {
    console.error(`${app}: the first load must stay within ${limit} KB`)
    bad = true
  }
}
process.exit(bad ? 1 : 0)
