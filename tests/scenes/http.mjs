// A client as a browser or a tool would be: cookie, guard header, JSON. Nothing is retried or hidden.
import http from 'node:http'
import { randomUUID } from 'node:crypto'

export class Answer {
  constructor(status, headers, body) {
    this.status = status
    this.headers = headers
    this.bytes = body
    this.text = body.toString('utf8')
    this.json = undefined
    if (/json/.test(headers['content-type'] ?? '')) {
      try { this.json = JSON.parse(this.text) } catch { this.json = undefined }
    }
  }
  get code() { return this.json?.code }
  /** The answer without the request id, which alone may differ between "not there" and "not yours". */
  get sameless() { return this.text.replace(/"id":"[0-9a-f]{16}"/, '"id":"-"') }
  /** For messages: never the body, which may hold content. */
  toString() { return `${this.status} ${this.code ?? ''}` }
}

/** One HTTP exchange, everything explicit. `headers: {name: undefined}` leaves a header out. */
export function exchange(port, { method = 'GET', path, headers = {}, body, from, agent, cut = false, address = '127.0.0.1' }) {
  return new Promise((resolve, reject) => {
    const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
    const data = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(body)
    if (data !== undefined && !Object.keys(sent).some((name) => name.toLowerCase() === 'content-length')) sent['Content-Length'] = data.length
    const request = http.request({ host: address, port, method, path, headers: sent, localAddress: from, agent }, (reply) => {
      const parts = []
      // A stream has no end to wait for: its first piece is the answer.
      if (reply.statusCode === 200 && /event-stream/.test(reply.headers['content-type'] ?? '')) {
        reply.once('data', (part) => {
          resolve(new Answer(reply.statusCode, reply.headers, part))
          request.destroy()
        })
        return
      }
      reply.on('data', (part) => parts.push(part))
      reply.on('end', () => resolve(new Answer(reply.statusCode, reply.headers, Buffer.concat(parts))))
      reply.on('error', reject)
    })
    request.on('error', reject)
    request.setTimeout(60_000, () => request.destroy(new Error(`no answer within 60 s: ${method} ${path}`)))
    if (data !== undefined) request.write(data)
    request.end(() => { if (cut) request.destroy() })  // the request went out whole, the answer is never read
  })
}

export class Client {
  #cookies = new Map()
  #agent
  constructor(school, { from, username, sockets = 4 } = {}) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: sockets })
    this.school = school
    this.from = from
    this.username = username
    this.me = undefined
  }
  get cookie() { return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
  set cookie(text) {
    this.#cookies.clear()
    for (const each of text.split('; ')) if (each) this.#cookies.set(each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1))
  }
  get id() { return this.me?.person_id }
  close() { this.#agent.destroy() }

  /** `key`: an Idempotency-Key, made up for every POST; `version`: If-Match; `raw`: a body that is not JSON. */
  async send(method, path, body, { key, version, headers = {}, raw, cut } = {}) {
    const host = `127.0.0.1:${this.school.port}`
    const all = { Host: host, ...(this.cookie ? { Cookie: this.cookie } : {}) }
    if (method !== 'GET') Object.assign(all, { 'X-Xinyi': '1', Origin: `http://${host}` })
    if (method === 'POST') all['Idempotency-Key'] = key ?? randomUUID()
    if (version !== undefined) all['If-Match'] = `"${version}"`
    let data = raw
    if (raw !== undefined) all['Content-Type'] = 'application/octet-stream'
    else if (body !== undefined) {
      all['Content-Type'] = 'application/json'
      data = typeof body === 'string' ? body : JSON.stringify(body)
    }
    const answer = await exchange(this.school.port, { method, path, headers: { ...all, ...headers }, body: data, from: this.from, agent: this.#agent, cut })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair] = line.split(';')
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      if (value) this.#cookies.set(name, value)
      else this.#cookies.delete(name)
    }
    return answer
  }
  get(path, options) { return this.send('GET', path, undefined, options) }
  post(path, body, options) { return this.send('POST', path, body, options) }
  put(path, body, options) { return this.send('PUT', path, body, options) }
  delete(path, options) { return this.send('DELETE', path, undefined, options) }

  /** The JSON of an answer that must succeed. */
  async ok(method, path, body, options) {
    const answer = await this.send(method, path, body, options)
    if (answer.status >= 300) throw new Error(`${method} ${path} as ${this.username ?? 'nobody'}: ${answer} ${JSON.stringify(answer.json?.problems ?? '')}`)
    return answer.json
  }
}
