import t from 'tap'
import { parseNatsAddress, parseStreamName, parseSubject } from './nats-address.ts'

t.test('servers have names or addresses, ports, and a user at most', async t => {
  t.same(parseNatsAddress('off'), 'off')
  t.same(parseNatsAddress('tls://gateway@one.example:4333,[::1],10.0.0.5'), {
    isPlain: false,
    user: 'gateway',
    hosts: [
      { name: 'one.example', port: 4333 },
      { name: '::1', port: 4222 },
      { name: '10.0.0.5', port: 4222 },
    ],
  })
  t.match(parseNatsAddress('nats://localhost,127.0.0.1:4223'), { isPlain: true, user: undefined })
  const wrong = ['', 'tls://', 'tls://a:0', 'tls://a:65536', 'tls://a/path', 'tls://a?tls=off', 'tls://a,,b', 'ws://a']
  for (const text of [...wrong, 'tls://a b', 'tls://[1.2.3.4]', `tls://${'a,'.repeat(9)}a`, 'tls://u s@a'])
    t.throws(() => parseNatsAddress(text), { code: 'usage', detail: /expected the address of NATS servers/ }, text)
})

t.test('without TLS a server is on this machine, and no password is in an address', async t => {
  for (const text of ['nats://db1', 'nats://localhost,db1', 'nats://10.0.0.5', 'nats://127.evil.example'])
    t.throws(() => parseNatsAddress(text), { code: 'usage', detail: /cross no network in the clear/ }, text)
  const secret = 'hunter2'
  for (const text of [`tls://gateway:${secret}@db1`, `tls://ga:${secret}@x@db1`, `tls://${secret} @db1`]) {
    try {
      parseNatsAddress(text)
      t.fail(text)
    } catch (fault) {
      t.notMatch(String(fault), secret)
      t.match(fault, { code: 'usage' })
    }
  }
})

t.test('names of streams and subjects have no wildcard, and nothing of NATS itself', async t => {
  t.equal(parseStreamName('SEG_1-a'), 'SEG_1-a')
  t.equal(parseSubject('seg.documents'), 'seg.documents')
  for (const text of ['a.b', 'a b', '*', '>', '', 'a\r\nPUB x', 'x'.repeat(201)])
    t.throws(() => parseStreamName(text), { code: 'usage' })
  for (const text of ['a..b', '.a', 'a.', 'a.*', 'a.>', '$JS.API', 'a b', '', 'a\r\n', 'x'.repeat(201)])
    t.throws(() => parseSubject(text), { code: 'usage' })
})
