// What monitoring asks over real TLS, and who may.
import t from 'tap'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'

const certs = await makeConsoleCerts(t)
const failing = { check: 'disk', ok: false, found: '0 bytes are free' }

t.test('anybody learns whether it lives and is ready, and only who may learns why not', async t => {
  let isReady = true
  const at = '2026-11-28T10:00:00.000Z'
  const answers = { readiness: async () => ({ isReady, at, checks: isReady ? [] : [failing] }) }
  const listener = await openListener(t, certs, { answers })
  t.match(await listener.ask('GET', '/livez'), { status: 200, text: 'alive\n' })
  t.match(await listener.ask('GET', '/readyz'), { status: 200, text: 'ready\n' })
  isReady = false
  t.match(await listener.ask('GET', '/readyz'), { status: 503, text: 'not ready\n' })
  t.match(await listener.ask('GET', '/readyz?verbose'), { status: 401, json: { code: 'login-required' } })
  const key = listener.keyOf('viewer')
  t.match(await listener.ask('GET', '/readyz?verbose', key), {
    status: 503,
    text: 'NOT disk: 0 bytes are free\nnot ready\n',
  })
  t.match(await listener.ask('GET', '/api/v1/health', key), { json: { ready: false, at, checks: [failing] } })
})

t.test('metrics come in the form that is asked for', async t => {
  const answers = { metrics: async (isOpen: boolean) => ({ contentType: isOpen ? 'a/b' : 'c/d', text: 'x 1\n' }) }
  const listener = await openListener(t, certs, { answers })
  const key = listener.keyOf('viewer')
  t.match(await listener.ask('GET', '/metrics'), { status: 401 })
  t.match(await listener.ask('GET', '/metrics', key), { status: 200, text: 'x 1\n', fields: { 'content-type': 'c/d' } })
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5'
  t.match(await listener.ask('GET', '/metrics', { ...key, accept }), { fields: { 'content-type': 'a/b' } })
})
