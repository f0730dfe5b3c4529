// Records forwarded to real files and a real collector: each of them, in their order, also when the
// forwarder is killed, the disk cuts a line or the collector is away.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, rename, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { loadOutboundContext } from '../outbound/outbound-tls.ts'
import { makeServerFiles, startCollector } from '../testing/tls-collector.ts'
import { type Act, digestRecord } from './audit-record.ts'
import { fileSink, syslogSink } from './audit-sinks.ts'
import { type AuditTrail, openAuditTrail } from './audit-trail.ts'
import { forwardRecords } from './forward-records.ts'

const act: Act = {
  action: 'partner.suspended',
  category: 'partner',
  actor: { id: 'jane', method: 'shell' },
  from: { host: 'here' },
  on: { kind: 'partner', id: 'MINISTRY 1_SEG01' },
}

async function makeTrail(t: Test, records: number): Promise<{ folder: string; trail: AuditTrail }> {
  const folder = join(t.testdir(), 'data')
  const trail = await openAuditTrail(folder, 'receiver', '0')
  t.teardown(() => trail.close())
  addTo(trail, records)
  return { folder, trail }
}

function addTo(trail: AuditTrail, records: number): void {
  for (let i = 0; i < records; i++) trail.add(act, i % 2 === 0 ? 'pending' : 'success', new Date())
}

/** That each line is a record and names the one before: none is missing. Lines may come again. */
function checkChain(t: Test, lines: readonly string[], trail: AuditTrail): void {
  const whole = [...new Set(lines)].filter(line => line.startsWith('{') && line.endsWith('}'))
  t.same(
    whole,
    trail.after(0, 10_000).map(({ text }) => text),
  )
  const prevs = whole.map(line => JSON.parse(line).prev)
  t.same(prevs, [null, ...whole.slice(0, -1).map(digestRecord)])
}

async function linesOf(...files: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(files.map(file => readFile(file, 'utf8').catch(() => '')))
  return texts.flatMap(text => text.split('\n').filter(line => line !== ''))
}

t.test('a forwarder that is killed again and again loses no record', async t => {
  const { folder, trail } = await makeTrail(t, 130)
  const file = join(folder, 'audit.jsonl')
  for (const wait of [0, 5]) {
    const before = (await linesOf(file)).length
    const child = spawn(process.execPath, [join(import.meta.dirname, '../testing/forward-process.ts'), folder, file])
    await until(async () => (await linesOf(file)).length > before)
    await pause(wait)
    child.kill('SIGKILL')
    await once(child, 'close')
    addTo(trail, 60)
  }
  const forwarding = forwardRecords(trail, [fileSink(file)], line => t.fail(line))
  await until(() => forwarding.lag().every(({ records }) => records === 0))
  await forwarding.close()
  checkChain(t, await linesOf(file), trail)
  t.equal((await stat(file)).mode & 0o777, 0o640)
})

t.test('a line that was cut, and a file that is moved away, lose no record', async t => {
  const { folder, trail } = await makeTrail(t, 3)
  const file = join(folder, 'audit.jsonl')
  await writeFile(file, '{"cut', { mode: 0o600 })
  const sink = fileSink(file)
  const { signal } = new AbortController()
  await sink.take(trail.after(0, 2), signal)
  t.equal((await stat(file)).mode & 0o777, 0o600, 'what an operator has made keeps its mode')
  await rename(file, `${file}.1`)
  await sink.take(trail.after(2, 2), signal)
  checkChain(t, await linesOf(`${file}.1`, file), trail)
  await rename(file, `${file}.2`)
  await mkdir(file)
  await t.rejects(sink.take(trail.after(2, 2), signal))
  await rmdir(file)
})

t.test('a collector that comes back gets all that it missed; the lag is known until then', async t => {
  const { trail } = await makeTrail(t, 130)
  const files = makeServerFiles(t.testdir())
  const gone = await startCollector(t, files)
  gone.close()
  const secureContext = await loadOutboundContext({ ca: files.ca })
  const complaints: string[] = []
  const away = syslogSink({ host: 'localhost', port: gone.port, secureContext })
  const first = forwardRecords(trail, [away], line => complaints.push(line))
  await until(() => complaints.length > 0)
  t.match(complaints[0], /^audit records are not forwarded to syslog localhost:\d+: .*ECONNREFUSED/s)
  t.same(first.lag(), [{ sink: 'syslog', records: 130 }])
  await first.close()
  const { port, received } = await startCollector(t, files)
  const second = forwardRecords(trail, [syslogSink({ host: 'localhost', port, secureContext })], line => t.fail(line))
  await until(() => second.lag()[0]!.records === 0)
  addTo(trail, 1)
  await until(() => second.lag()[0]!.records === 0)
  await second.close()
  checkChain(
    t,
    received
      .join('')
      .split(/\d+ <10[89]>1 [^[]*\[meta sequenceId="\d+"\] /)
      .slice(1),
    trail,
  )
})

t.test('another place gets the whole trail', async t => {
  const { folder, trail } = await makeTrail(t, 5)
  for (const name of ['one', 'two']) {
    const file = join(folder, name)
    const forwarding = forwardRecords(trail, [fileSink(file)], line => t.fail(line))
    await until(() => forwarding.lag()[0]!.records === 0)
    await forwarding.close()
    await appendFile(file, '')
    t.equal((await linesOf(file)).length, 5)
  }
})
