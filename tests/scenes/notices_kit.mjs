// The world outside as notices meet it: a real mail server, robots, and a browser that listens.
import { createHmac } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import { join } from 'node:path'
import { sleep, top } from './harness.mjs'

const { SMTPServer } = createRequire(join(top, 'build/tools/tests/package.json'))('smtp-server')

export const until = async (what, test, ms = 20_000) => {
  const end = Date.now() + ms
  for (;;) {
    const out = await test()
    if (out) return out
    if (Date.now() > end) throw new Error(`${what} did not happen within ${ms} ms`)
    await sleep(25)
  }
}

/** Head and body of a mail as a reader's program shows them. */
function parse(raw) {
  const [head, body] = raw.split(/\r\n\r\n([\s\S]*)/)
  const fields = Object.fromEntries(head.replace(/\r\n[ \t]+/g, ' ').split('\r\n').map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]))
  const words = (text) => text.replace(/\?=\s+=\?/g, '?==?').replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, b) => Buffer.from(b, 'base64').toString('utf8'))
  return { raw, fields, from: words(fields.from), subject: words(fields.subject), text: Buffer.from(body, 'base64').toString('utf8'), id: fields['message-id'], repeat: 'x-xinyi-repeat' in fields }
}

/** A key, a certificate of an authority of one's own, and the authority's, as a school's computing teacher makes them. */
export function authority(folder) {
  const run = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=School CA', '-addext', 'basicConstraints=critical,CA:TRUE')
  run('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'mail.key', '-out', 'mail.csr', '-subj', '/CN=localhost')
  fs.writeFileSync(join(folder, 'ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  run('x509', '-req', '-in', 'mail.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '3650', '-out', 'mail.pem', '-extfile', 'ext')
  const read = (name) => fs.readFileSync(join(folder, name), 'utf8')
  return { ca: read('ca.pem'), key: read('mail.key'), cert: read('mail.pem') }
}

/** `behave(mail)` may refuse: {code, at: 'rcpt' | 'data'}; it may also return a promise, to be slow. */
export async function mailServer({ login, tls, implicit = false, behave = () => undefined } = {}) {
  const mails = []
  const sessions = { logins: 0, secure: 0 }
  const refusal = ({ code }) => Object.assign(new Error(code >= 500 ? 'no such mailbox here' : 'later'), { responseCode: code })
  const world = { mails, sessions, behave }
  const server = new SMTPServer({
    secure: implicit, key: tls?.key, cert: tls?.cert, hideSTARTTLS: !tls, authOptional: !login, disabledCommands: login ? [] : ['AUTH'], allowInsecureAuth: true, logger: false, disableReverseLookup: true,
    onAuth: (auth, _session, done) => {
      sessions.logins += 1
      if (auth.username === login.user && auth.password === login.password) done(null, { user: 1 })
      else done(Object.assign(new Error('authentication failed'), { responseCode: 535 }))
    },
    onRcptTo: async (to, session, done) => {
      if (session.secure) sessions.secure += 1
      const said = await world.behave({ to: to.address })
      done(said?.at === 'rcpt' ? refusal(said) : null)
    },
    onData: (stream, session, done) => {
      const parts = []
      stream.on('data', (part) => parts.push(part))
      stream.on('end', async () => {
        const mail = { ...parse(Buffer.concat(parts).toString('utf8')), to: session.envelope.rcptTo.map((each) => each.address), at: Date.now() }
        const said = await world.behave(mail)
        if (said?.at === 'data') return done(refusal(said))
        mails.push(mail)
        if (said?.silent) return  // taken, and never answered
        done(null, 'taken')
      })
    },
  })
  server.on('error', () => {})  // peers that are killed in mid-sentence
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(world, { port: server.server.address().port, close: () => new Promise((resolve) => server.close(resolve)) })
}

/** A robot's side: keeps what it was sent and answers as `behave` says ({status, body, headers}). */
export async function hookServer(behave = () => ({})) {
  const calls = []
  const server = http.createServer((request, reply) => {
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', async () => {
      const raw = Buffer.concat(parts).toString('utf8')
      const call = { path: request.url, method: request.method, headers: request.headers, raw, json: JSON.parse(raw) }
      calls.push(call)
      const { status = 200, body = '{"errcode":0,"errmsg":"ok"}', headers = {} } = await behave(call)
      reply.writeHead(status, { 'Content-Type': 'application/json', ...headers })
      reply.end(body)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  return { calls, port, url: (path = '/hook') => `http://127.0.0.1:${port}${path}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve) }) }
}
export const signature = (secret, text, form = 'hex') => createHmac('sha256', secret).update(text).digest(form)

/** A port on which nobody listens. */
export const deadPort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})

/** A browser's window that listens, as EventSource does. `events`: {id, kind, object, at}; `raw`: all that came. */
export function listen(client, { after, port = client.school.port } = {}) {
  const window = { events: [], raw: '', status: undefined, ended: false, last: after }
  window.opened = new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path: '/api/v1/events', agent: false, headers: { Cookie: client.cookie, Accept: 'text/event-stream', ...(after === undefined ? {} : { 'Last-Event-ID': after }) } }, (reply) => {
      window.status = reply.statusCode
      window.headers = reply.headers
      let rest = ''
      reply.setEncoding('utf8')
      reply.on('data', (part) => {
        window.raw += part
        rest += part
        for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
          const fields = Object.fromEntries(rest.slice(0, end).split('\n').filter((line) => line && !line.startsWith(':')).map((line) => line.split(/: (.*)/).slice(0, 2)))
          if (fields.id) window.last = fields.id
          if (fields.data) window.events.push({ number: Number(fields.id), ...JSON.parse(fields.data), at: Date.now() })
          resolve(window)
        }
      })
      const over = () => { window.ended = true; window.endedAt = Date.now(); resolve(window) }
      reply.on('end', over)
      reply.on('close', over)
      reply.on('error', over)
    })
    request.on('error', (error) => (window.status ? resolve(window) : reject(error)))
    request.end()
    window.close = () => request.destroy()
  })
  return window.opened
}

export const mailSettings = (server, more = {}) => ({ enabled: true, host: '127.0.0.1', port: server.port, security: 'none', sender_name: '校园通知', sender: 'notice@school.example', ...more })
export async function setMail(keeper, settings) {
  const { mail } = await keeper.ok('GET', '/api/v1/notify/settings')
  return keeper.put('/api/v1/notify/mail', settings, { version: mail?.version ?? 0 })
}
