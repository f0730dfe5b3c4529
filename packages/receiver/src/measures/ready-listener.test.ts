import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { openLoggerInto } from '../logger.ts'
import { openReadyListener } from './ready-listener.ts'

let isReady = true
const readiness = { last: () => ({ isReady, at: '', checks: [] }) }
const logger = openLoggerInto({ write() {} })
const listener = await openReadyListener('127.0.0.1:0', readiness, logger)
t.teardown(() => listener.close())

async function ask(path: string, method = 'GET') {
  const outgoing = request(`${listener.url}${path}`, { method, agent: false })
  outgoing.end()
  const [answer] = await once(outgoing, 'response')
  return { status: answer.statusCode, fields: answer.headers, text: await text(answer) }
}

t.test('says whether the receiver is ready, as it is now', async t => {
  t.match(await ask('/readyz'), { status: 200, text: 'ready\n', fields: { connection: 'close' } })
  t.match(await ask('/readyz', 'HEAD'), { status: 200, text: '' })
  isReady = false
  t.match(await ask('/readyz?verbose'), { status: 503, text: 'not ready\n' })
  t.match(await ask('/livez'), { status: 200, text: 'alive\n' }, 'it lives all the same')
})

t.test('answers nothing else', async t => {
  for (const path of ['/', '/metrics', '/api/v1/me', '/readyz/', '/constructor', '/v1/log/checkpoint'])
    t.match(await ask(path), { status: 404, text: '' }, path)
  t.match(await ask('/readyz', 'POST'), { status: 405, text: '', fields: { allow: 'GET, HEAD' } })
})

t.test('drops what is no request, and who asks is answered while others hold connections', async t => {
  const port = Number(new URL(listener.url).port)
  const odd = connect(port, '127.0.0.1').on('error', () => {})
  odd.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(10_000)}`)
  await once(odd.resume(), 'close')
  const silent = Array.from({ length: 80 }, () =>
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  )
  t.teardown(() => {
    for (const socket of silent) socket.destroy()
  })
  await Promise.all(silent.map(socket => once(socket, 'connect')))
  t.match(await ask('/livez'), { status: 200 }, 'the oldest give way')
})

t.test('a port in use is a Fault that names the flag', async t => {
  const again = openReadyListener(new URL(listener.url).host, readiness, logger)
  await t.rejects(again, { code: 'configuration', detail: /another program listens there.*--ready-listen/ })
})
