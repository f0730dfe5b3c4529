// A webhook's secret as other programs write it: each form has one reading, and what is neither is
// refused without being shown.
import t from 'tap'
import { parseWebhookSecret } from './webhook-secret.ts'

const parse = (text: string | Buffer) => parseWebhookSecret(Buffer.from(text as string), 'secret')
const serialize = (octets: Buffer) => `whsec_${octets.toString('base64')}`

t.test('whsec_ stands for the octets behind it, with one line end or without', async t => {
  for (const length of [24, 25, 26, 32, 64]) {
    const octets = Buffer.alloc(length, 0xfb)
    for (const end of ['', '\n', '\r\n'])
      t.same(parse(serialize(octets) + end), octets, `${length} ${JSON.stringify(end)}`)
  }
})

t.test('any other file is its octets, its line end too', async t => {
  for (const text of [`${'x'.repeat(31)}\n`, 'whsec-but-not-with-an-underscore', Buffer.alloc(32, 0xff)])
    t.same(parse(text), Buffer.from(text as string))
  t.throws(() => parse('x'.repeat(31)), { code: 'configuration', detail: /32 bytes or more in secret.*found 31/ })
})

t.test('what begins as a serialized key and is none is refused, and not shown', async t => {
  const good = serialize(Buffer.alloc(24, 0xfb))
  const bad = {
    'no base64': 'whsec_',
    'another alphabet': good.replaceAll('+', '-'),
    'a character that is not of the alphabet': `${good}!`,
    'base64 without its padding': serialize(Buffer.alloc(25, 0xfb)).replace(/=+$/, ''),
    'base64 with bits left over': serialize(Buffer.alloc(25, 0xfb)).replace(/w==$/, 'x=='),
    'two line ends': `${good}\n\n`,
    'a second line': `${good}\n${good}`,
    'a space before': ` ${good}`,
    'a byte order mark': `\ufeff${good}`,
    'a private key': good.replace('whsec_', 'whsk_'),
    'a public key': good.replace('whsec_', 'whpk_'),
  }
  for (const [name, text] of Object.entries(bad)) {
    try {
      parse(text)
      t.fail(name)
    } catch (error) {
      t.match(error, { code: 'configuration', detail: /expected whsec_ and base64/ }, name)
      t.notMatch((error as Error).message, /\+\/v7/, name)
    }
  }
  for (const length of [1, 23, 65])
    t.throws(
      () => parse(serialize(Buffer.alloc(length))),
      { code: 'configuration', detail: new RegExp(`24 to 64 bytes .*, found ${length}; .*openssl rand`) },
      `${length} octets`,
    )
})
