import t from 'tap'
import { proxyHeader } from '../testing/proxy-header.ts'
import { LONGEST_REST, readProxyHeader } from './proxy-header.ts'

t.test('says where the connection of the client came from', async t => {
  t.same(readProxyHeader(proxyHeader('192.0.2.7', 4711)), { length: 28, source: { address: '192.0.2.7', port: 4711 } })
  const six = proxyHeader('2001:db8::7', 65_535)
  t.same(readProxyHeader(six), { length: 52, source: { address: '2001:db8::7', port: 65_535 } })
  const values = proxyHeader('192.0.2.7', 1, { values: Buffer.alloc(LONGEST_REST - 12) })
  t.match(readProxyHeader(Buffer.concat([values, Buffer.from('TLS')])), {
    length: 16 + LONGEST_REST,
    source: { port: 1 },
  })
})

t.test('has no client in a connection of the balancer itself, or where it knows none', async t => {
  t.same(readProxyHeader(proxyHeader('192.0.2.7', 1, { command: 0x20 })), { length: 28, source: undefined })
  t.same(readProxyHeader(proxyHeader('192.0.2.7', 1, { family: 0 })), { length: 28, source: undefined })
})

t.test('is waited for until it is whole, and refused at its first wrong octet', async t => {
  const whole = proxyHeader('192.0.2.7', 4711)
  for (let length = 0; length < whole.length; length++)
    t.equal(readProxyHeader(whole.subarray(0, length)), undefined, `${length} octets`)
  for (let i = 0; i < 12; i++) {
    const wrong = Buffer.from(whole.subarray(0, i + 1))
    wrong[i]! ^= 1
    t.match(readProxyHeader(wrong), { refused: /begins with something else/ }, `octet ${i}`)
  }
})

t.test('is refused in any other form', async t => {
  const refused = (options: Parameters<typeof proxyHeader>[2], why: RegExp) =>
    t.match(readProxyHeader(proxyHeader('192.0.2.7', 4711, options)), { refused: why })
  refused({ command: 0x11 }, /version 1/)
  refused({ command: 0x31 }, /version 3/)
  refused({ command: 0x22 }, /command 2/)
  refused({ family: 0x12 }, /no TCP/)
  refused({ family: 0x31 }, /no TCP/)
  refused({ family: 0x21 }, /too short for two ipv6/)
  refused({ length: 11 }, /too short for two ipv4/)
  refused({ length: LONGEST_REST + 1 }, /more than 1024/)
  refused({ length: 65_535 }, /more than 1024/)
  t.match(readProxyHeader(Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n')), { refused: /something else/ })
})
