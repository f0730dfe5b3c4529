// Syslog over real TLS: what is sent is framed and whole, and taken only when the server says so.
import { join } from 'node:path'
import t from 'tap'
import { makeServerFiles, startCollector } from '../testing/tls-collector.ts'
import { loadOutboundContext } from './outbound-tls.ts'
import { formatSyslog, type SyslogMessage, sendSyslog } from './syslog.ts'

const files = makeServerFiles(t.testdir())
const secureContext = await loadOutboundContext({ ca: files.ca })
const { signal } = new AbortController()
const message: SyslogMessage = {
  facility: 'log audit',
  severity: 'notice',
  at: new Date('2026-11-28T10:30:00.123Z'),
  kind: 'partner.suspended',
  sequence: 7,
  text: '{"on":"Ä"}',
}

t.test('a message has the form of RFC 5424', async t => {
  const form = /^<109>1 2026-11-28T10:30:00\.123Z \S+ seg \d+ partner\.suspended \[meta sequenceId="7"\] \{"on":"Ä"\}$/
  t.match(formatSyslog(message), form)
  t.match(formatSyslog({ ...message, sequence: 2_147_483_648 }), /sequenceId="1"/)
  const { sequence: _, ...rest } = message
  t.match(formatSyslog({ ...rest, kind: 'a b\n]é' }), / a_b_\]_ - \{/)
})

t.test('each has its length in octets before it, and all arrive in their order', async t => {
  const { port, received } = await startCollector(t, files)
  await sendSyslog({ host: 'localhost', port, secureContext }, [message, { ...message, sequence: 8 }], signal)
  const text = formatSyslog(message)
  const length = Buffer.byteLength(text)
  t.equal(length, text.length + 1)
  t.equal(received.join(''), `${length} ${text}${length} ${text.replace('"7"', '"8"')}`)
})

t.test('what the server may not have is not taken', async t => {
  const ends = await startCollector(t, files, socket => socket.end())
  const resets = await startCollector(t, files, socket => socket.destroy())
  for (const { port } of [ends, resets])
    await t.rejects(sendSyslog({ host: 'localhost', port, secureContext }, [message], signal))
  ends.close()
  await t.rejects(sendSyslog({ host: 'localhost', port: ends.port, secureContext }, [message], signal))
})

t.test('nothing is sent to a server that another CA, or no name, speaks for', async t => {
  const { port, received } = await startCollector(t, files)
  const others = await loadOutboundContext({})
  await t.rejects(sendSyslog({ host: 'localhost', port, secureContext: others }, [message], signal), /self-signed/)
  await t.rejects(sendSyslog({ host: '127.0.0.1', port, secureContext }, [message], signal), /altnames/)
  t.same(received.join(''), '')
})

t.test('a server that does not answer keeps no gateway from stopping', async t => {
  const stop = new AbortController()
  const { port } = await startCollector(t, files, socket => {
    socket.pause()
    setTimeout(() => stop.abort(), 20)
  })
  await t.rejects(sendSyslog({ host: 'localhost', port, secureContext }, [message], stop.signal), /stops/)
})

t.test('files that are no certificates are refused', async t => {
  const folder = t.testdir({ 'no.pem': 'nothing' })
  await t.rejects(loadOutboundContext({ ca: join(folder, 'no.pem') }), { code: 'configuration' })
  await t.rejects(loadOutboundContext({ ca: join(folder, 'gone.pem') }), { code: 'configuration' })
  await t.rejects(loadOutboundContext({ ca: files.ca, key: files.ca }), { code: 'configuration' })
})
