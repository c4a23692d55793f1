// What script/bench runs: every number beside the machine's own limit in the same run, and a verdict on each aim.
// A temporary demonstration school is made, served, loaded by wrk over loopback, and removed.
import { spawn, spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
    students: { type: 'string', default: '1000' },
    only: { type: 'string' },
    folder: { type: 'string', default: 'build' },
  },
})
const seconds = Number(options.seconds)
const bin = path.resolve(process.env.XINYI_BENCH_BIN ?? 'build/release/bin')
const here = path.resolve('tests/load')
const folder = fs.mkdtempSync(path.resolve(options.folder, 'bench-'))
const say = (text) => process.stderr.write(`${text}\n`)
const rows = []
const running = new Set()

// -- small tools ------------------------------------------------------------------------------------------------
function run(program, args, more = {}) {
  const out = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...more })
  if (out.error) throw out.error
  if (out.status !== 0) throw new Error(`${path.basename(program)} ${args[0]} ended with ${out.status}: ${out.stderr}${out.stdout}`)
  return out
}
const tool = (name) => path.join(bin, name)
const last_json = (text) => JSON.parse(text.trim().split('\n').findLast((line) => line.startsWith('{')))
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]

/// A program that says its address in its first line; `stop()` ends it.
function start(program, args) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  running.add(child)
  let errors = ''
  child.stderr.on('data', (d) => (errors = (errors + d).slice(-4000)))
  const ended = new Promise((done) => child.once('exit', (code) => (running.delete(child), done(code))))
  const url = new Promise((done, fail) => {
    let text = ''
    child.stdout.on('data', (d) => {
      text += d
      const found = /http:\/\/\S+/.exec(text)
      if (found) done(found[0])
    })
    child.once('exit', (code) => fail(new Error(`${path.basename(program)} ended with ${code}: ${errors}`)))
  })
  url.catch(() => {})
  return { child, url, stop: async () => (child.stdin.end(), child.kill('SIGTERM'), ended) }
}

/// Status of one GET by the shortest way; 0 when nobody listens yet.
function ask(port, target) {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1')
    let text = ''
    socket.on('connect', () => socket.write(`GET ${target} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`))
    socket.on('data', (d) => (text += d))
    socket.on('error', () => done(0))
    socket.on('close', () => done(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)))
  })
}

const free_port = () =>
  new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })

const probe = (time = 1) => last_json(run(tool('xinyi_bench_bare'), ['probe', folder, String(time)]).stdout)

function wrk(url, kind, time = seconds, more = []) {
  const out = run('wrk', ['-t1', '-c64', `-d${time}s`, '--timeout', '60s', ...more, '-s', path.join(here, 'load.lua'), url, '--', ...kind.map(String)])
  if (out.stderr.trim()) say(out.stderr.trim())
  return last_json(out.stdout)
}

/// Processor time of a process so far, in µs. Less noisy than rates when others use the machine.
function cpu_of(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
/// wrk against one of our servers, with the processor time that the server took for one request.
function load(server, kind, time = seconds) {
  const before = cpu_of(server.child.pid)
  const result = wrk(server.base, kind, time)
  return { ...result, cpu: Math.round(((cpu_of(server.child.pid) - before) / result.requests) * 10) / 10 }
}

// -- measurements -----------------------------------------------------------------------------------------------
const wanted = (name) => !options.only || options.only.split(',').includes(name)
function keep(name, result) {
  rows.push({ name, ...result })
  const rate = result.rate === undefined ? '' : `${Math.round(result.rate)}/s`
  say(`  ${name}: ${rate || `${result.value} ${result.unit}`}${result.refused || result.broken ? `   ${result.refused} refused, ${result.broken} broken` : ''}`)
  return result
}
/// A measurement of durable work, judged against the disk of the same moment.
function durable(name, work) {
  const before = probe()
  const result = work()
  const after = probe()
  return keep(name, { ...result, durable: true, probe: { before, after } })
}
/// The limit of the same moment: half of it measured before, half after, because a shared machine changes by the minute.
const limit_kinds = { 'bare loop': ['get', '/hello', '-'], 'bare durable POST': ['answer'] }
function beside(limit, work) {
  const half = () => load(bare, limit_kinds[limit], Math.max(1, Math.round(seconds / 2)))
  const before = half()
  const result = work()
  const after = half()
  return { ...result, limit: { name: limit, rate: Math.round((before.rate + after.rate) / 2), cpu: Math.round(5 * (before.cpu + after.cpu)) / 10 } }
}
const list = (name, path, sessions) => keep(name, beside('bare loop', () => load(served, ['get', path, sessions])))
const write = (name, kind) => durable(name, () => beside('bare durable POST', () => load(served, kind)))

async function limits() {
  say('The machine')
  keep('fdatasync of 4 KiB', probe(2))
  const storage = path.join(folder, 'storage')
  fs.mkdirSync(storage)
  durable('bare group commit', () => {
    const text = run(tool('xinyi_storage_bench'), [storage, 'sqlite', '64', String(seconds)]).stdout
    const found = /: (\d+) jobs\/s, p50 (\d+) us, p99 (\d+) us, max (\d+) us, failed (\d+)/.exec(text)
    return { rate: Number(found[1]), p50: found[2] / 1000, p99: found[3] / 1000, max: found[4] / 1000, refused: Number(found[5]), broken: 0 }
  })
  bare = start(tool('xinyi_bench_bare'), ['serve', storage])
  bare.base = await bare.url
  keep('bare loop', load(bare, limit_kinds['bare loop']))
  durable('bare durable POST', () => load(bare, limit_kinds['bare durable POST']))
}

let bare, served
async function serve(data) {
  const port = await free_port()
  served = start(tool('xinyi'), ['serve', '--data', data, '--listen', `127.0.0.1:${port}`])
  served.base = await served.url
  for (let i = 0; (await ask(port, '/readyz')) !== 200; ++i) {
    if (i > 500) throw new Error('the server does not become ready')
    await sleep(10)
  }
}

async function start_time(data) {
  const times = []
  for (let i = 0; i < 7; ++i) {
    const port = await free_port()
    const began = process.hrtime.bigint()
    const server = start(tool('xinyi'), ['serve', '--data', data, '--listen', `127.0.0.1:${port}`])
    while ((await ask(port, '/api/v1/about')) !== 200) await sleep(1)
    times.push(Number(process.hrtime.bigint() - began) / 1e6)
    await server.stop()
  }
  keep('start to first good reply', { value: Math.round(median(times)), unit: 'ms', worst: Math.round(Math.max(...times)) })
}

function memory(name) {
  const pid = served.child.pid
  const number = (file, field) => {
    try {
      return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(fs.readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1])
    } catch {
      return Number.NaN  // the program lets only root look
    }
  }
  const mib = (kib) => Math.round(kib / 102.4) / 10
  const pss = number('smaps_rollup', 'Pss')
  keep(name, { value: mib(number('status', 'VmRSS')), unit: 'MiB', ...(Number.isNaN(pss) ? {} : { pss: mib(pss) }), anonymous: mib(number('status', 'RssAnon')) })
}

async function sign_records(url, ids, cookie) {
  for (const id of ids) {
    const reply = await fetch(`${url}/api/v1/records/${id}/sign`, {
      method: 'POST',
      headers: { Cookie: `__Host-xinyi=${cookie}`, 'X-Xinyi': '1', 'If-Match': '"1"' },
    })
    if (reply.status !== 200) throw new Error(`a record cannot be signed: ${await reply.text()}`)
  }
}

async function product() {
  say('The product')
  const data = path.join(folder, 'school')
  const demo = JSON.parse(run(tool('xinyi'), ['demo', '--students', options.students, '--data', data, '--json']).stdout)
  const lines = (name) => fs.readFileSync(path.join(folder, name), 'utf8').trim().split('\n')
  const file = (name) => path.join(folder, name)
  run(tool('xinyi_bench_seed'), ['--data', data, '--out', folder])
  const [first, second] = lines('staff')
  fs.writeFileSync(file('first'), first)
  fs.writeFileSync(file('second'), second)

  if (wanted('start')) await start_time(data)
  await serve(data)
  if (wanted('idle')) {
    say('  (10 s of rest)')
    await sleep(10_000)
    memory('idle memory')
  }
  await sign_records(served.base, lines('unsigned'), first)
  const day = (n) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10)
  if (wanted('slots')) list('slot list, a week', `/api/v1/slots?from=${day(1)}&to=${day(7)}`, file('clients'))
  if (wanted('mine')) list('own appointments', '/api/v1/appointments/mine', file('clients'))
  if (wanted('day')) list('day view', '/api/v1/day', file('first'))
  let used = 0
  for (const [name, reason] of [['booking', ''], ['booking with a sealed reason', '最近总是睡不好,想找人聊聊。']])
    if (wanted('book')) used += write(name, ['book', file('slots'), file('clients'), used, reason]).requests + 65
  if (wanted('save')) write('draft save', ['save', file('drafts'), file('second')])
  if (wanted('open')) write('opening a signed record', ['open', file('unsigned'), file('first')])
  if (wanted('sign-in')) keep('sign-in (Argon2id)', load(served, ['sign-in', 'student', demo.password], Math.max(seconds, 8)))
  memory('memory after the load')
  await served.stop()
  await bare.stop()
  if (wanted('paper')) paper()
  if (wanted('import')) roster()
}

/// Forms as people ask for them: each a file of its own, one thread, as the server prints.
function paper() {
  const { rate, first_ms, kib_per_form } = last_json(run(tool('xinyi_bench_print'), [String(seconds)]).stdout)
  keep('forms printed, one thread', { rate, first_ms: Math.round(first_ms), kib: kib_per_form })
}

/// A whole school of a table, into a demonstration school, by the command line.
function roster() {
  const data = path.join(folder, 'roster')
  run(tool('xinyi'), ['demo', '--students', '12', '--data', data])
  const family = '王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗', given = ['子涵', '雨桐', '浩然', '梓萱', '思远', '佳怡', '一诺', '俊杰', '睿', '静']
  const grades = ['初一', '初二', '初三', '高一', '高二', '高三']
  let text = '姓名,性别,出生日期,年级,班级,学号,监护人姓名,与学生关系,联系电话\n'
  for (let i = 0; i < 10_000; ++i) {
    const grade = grades[i % 6], year = new Date().getFullYear() - 12 - (i % 6)
    text += `${family[i % 20]}${given[(i * 7) % 10]}${given[i % 10]},${i % 2 ? '女' : '男'},${year}-0${1 + (i % 9)}-1${i % 10},${grade},${grade}(${1 + (i % 30)})班,`
    text += `X${String(i).padStart(6, '0')},${family[i % 20]}${given[(i * 3) % 10]},${i % 2 ? '母亲' : '父亲'},1${3 + (i % 6)}${String(100_000_000 + i).slice(0, 9)}\n`
  }
  const csv = path.join(folder, 'roster.csv')
  fs.writeFileSync(csv, text)
  const before = probe()
  const began = process.hrtime.bigint()
  const out = run(tool('xinyi'), ['import', 'roster', csv, '--data', data, '--json'])
  const took = Number(process.hrtime.bigint() - began) / 1e9
  const created = JSON.parse(out.stdout).counts?.created
  keep('import of 10,000 rows', { value: Math.round(took * 100) / 100, unit: 's', created, probe: { before, after: probe() } })
}

// -- what came of it --------------------------------------------------------------------------------------------
const row = (name) => rows.find((r) => r.name === name)
const beyond_disk = (r) => r.p99 - Math.max(r.probe.before.p99, r.probe.after.p99)

function aims() {
  const out = []
  const aim = (name, of, text, value, good, unit) => {
    if (value === undefined || Number.isNaN(value)) return
    out.push({ name, aim: text, measured: `${value}${unit}`, met: good, ...(of ? { of } : {}) })
  }
  const share = (name, least) => {
    const r = row(name)
    if (r) aim(name, r.limit.name, `at least ${least} % of the ${r.limit.name}`, Math.round((1000 * r.rate) / r.limit.rate) / 10, r.rate >= (r.limit.rate * least) / 100, ' %')
  }
  const most = (name, text, limit) => {
    const r = row(name)
    if (r) aim(name, '', `at most ${text}`, r.value, r.value <= limit, ` ${r.unit}`)
  }
  for (const name of ['slot list, a week', 'own appointments', 'day view']) share(name, 40)
  for (const name of ['booking', 'booking with a sealed reason']) share(name, 25)
  share('opening a signed record', 30)
  for (const r of rows)
    if (r.durable && !r.name.startsWith('bare'))
      aim(r.name, '', 'p99 at most 25 ms beyond the disk', Math.round(beyond_disk(r) * 10) / 10, beyond_disk(r) <= 25, ' ms')
  most('start to first good reply', '200 ms', 200)
  most('idle memory', '40 MiB', 40)
  const printed = row('forms printed, one thread')
  if (printed) aim(printed.name, '', 'at least 10/s', Math.round(printed.rate * 10) / 10, printed.rate >= 10, '/s')
  most('import of 10,000 rows', '2 s', 2)
  for (const r of rows) if (r.refused || r.broken) out.push({ name: r.name, aim: 'every reply a good one', measured: `${r.refused} refused, ${r.broken} broken`, met: false })
  return out
}

function table() {
  const number = (n, digits = 1) => (n === undefined ? '' : n.toFixed(digits))
  const disk = (r) => (r.probe ? `${number(r.probe.before.p99)} / ${number(r.probe.after.p99)}` : '')
  const lines = ['| what | result | p50 ms | p99 ms | server CPU µs | limit beside it (CPU µs) | share | fsync p99 ms before / after |', '|---|---|---|---|---|---|---|---|']
  for (const r of rows) {
    let result = r.rate === undefined ? `${r.value} ${r.unit}` : `${Math.round(r.rate).toLocaleString('en')}/s`
    const beside = r.limit ? `${r.limit.name} ${r.limit.rate.toLocaleString('en')}/s (${number(r.limit.cpu)})` : ''
    const share = r.limit ? `${number((100 * r.rate) / r.limit.rate)} %` : ''
    if (r.pss !== undefined) result += ` (PSS ${r.pss})`
    if (r.first_ms !== undefined) result += ` (the first after ${r.first_ms} ms; ${r.kib} KiB each)`
    if (r.worst !== undefined) result += ` (worst of 7: ${r.worst})`
    lines.push(`| ${r.name} | ${result} | ${number(r.p50, 2)} | ${number(r.p99, 2)} | ${number(r.cpu)} | ${beside} | ${share} | ${disk(r)} |`)
  }
  lines.push('', '| aim | measured | |', '|---|---|---|')
  for (const a of aims()) lines.push(`| ${a.name}: ${a.aim} | ${a.measured} | ${a.met ? 'met' : '**missed**'} |`)
  return lines.join('\n')
}

try {
  const machine = { cpu: cpus()[0].model, cores: cpus().length, memory_gib: Math.round(totalmem() / 2 ** 30), kernel: release(), load: fs.readFileSync('/proc/loadavg', 'utf8').split(' ')[0] }
  say(`${machine.cores} × ${machine.cpu}, ${machine.memory_gib} GiB; load ${machine.load} before the run. 64 connections, ${seconds} s each; client and server share the cores.`)
  await limits()
  await product()
  const result = { at: new Date().toISOString(), machine, rows, aims: aims() }
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `\n${table()}\n`)
} catch (e) {
  say(`bench: ${e.message}`)
  process.exitCode = 1
} finally {
  for (const child of running) child.kill('SIGTERM')
  for (let i = 0; running.size > 0 && i < 100; ++i) await sleep(50)
  fs.rmSync(folder, { recursive: true, force: true })
  fs.rmSync(`${folder}.secrets`, { recursive: true, force: true })
}
