// The program's own answers, with the screens of a folder in front: a change to a screen is tried without building the program.
import fs from 'node:fs'
import http from 'node:http'
import { extname, join } from 'node:path'

const kinds = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }

export function folderSite(school, folder) {
  const server = http.createServer((asked, answer) => {
    const path = asked.url.split('?')[0]
    const pass = (file) => {
      const onward = http.request({ port: school.port, host: '127.0.0.1', method: asked.method, path: file ? (path.startsWith('/office') ? '/office/' : '/') : asked.url, headers: asked.headers }, (reply) => {
        if (!file) {
          answer.writeHead(reply.statusCode, reply.headers)
          reply.pipe(answer)
          return
        }
        reply.resume()
        // The page's own rules are the program's, whatever the folder holds.
        const { 'content-security-policy': policy = '' } = reply.headers
        answer.writeHead(200, { 'Content-Type': kinds[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': policy, 'Cache-Control': 'no-store' })
        fs.createReadStream(file).pipe(answer)
      })
      onward.on('error', () => answer.destroy())
      asked.pipe(onward)
    }
    if (path.startsWith('/api/')) return pass()
    const app = path.startsWith('/office') ? 'office' : 'portal'
    const file = join(folder, app, path.replace(/^\/office/, ''))
    return pass(extname(path) && fs.existsSync(file) ? file : join(folder, app, 'index.html'))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => {
    server.unref()
    resolve(`http://127.0.0.1:${server.address().port}`)
  }))
}
