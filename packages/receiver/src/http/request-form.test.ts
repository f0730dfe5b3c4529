import t from 'tap'
import { connectRaw } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway } from '../testing/gateway.ts'

const certs = await makeCerts(t)

t.test(
  'what could be read in two ways is refused in the form of any refusal, nothing is stored, and the connection ends',
  async t => {
    const gateway = await openGateway(t, certs, { lingerTime: 100 })
    const document = (await makeDocument(gateway)).toString()
    const length = `Content-Length: ${document.length}`
    const type = 'Content-Type: application/xml'
    const chunks = `${document.length.toString(16)}\r\n${document}\r\n0\r\n\r\n`
    const post = (headers: readonly string[], body = document, version = 'HTTP/1.1') =>
      `POST /v1/documents ${version}\r\n${headers.join('\r\n')}\r\n\r\n${body}`
    const chunked = (coding: string, version?: string) =>
      post(['Host: a', type, `Transfer-Encoding: ${coding}`], chunks, version)
    const malformed: Record<string, string> = {
      'no Host': post([type, length]),
      'an empty Host': post(['Host:', type, length]),
      'two Hosts': post(['Host: a', 'Host: b', type, length]),
      'one Host twice': post(['Host: a', type, length, 'hOST: a']),
      'a list of Hosts': post(['Host: a, b', type, length]),
      'a Host with a path': post(['Host: a/b', type, length]),
      'a Host with a user': post(['Host: a@b', type, length]),
      'HTTP/0.9': 'GET /v1/receipts/doc123\r\n\r\n',
      'HTTP/0.9 by name': 'GET /v1/receipts/doc123 HTTP/0.9\r\n\r\n',
      'a document in HTTP/0.9': 'POST /v1/documents\r\n\r\n',
      'a document in HTTP/1.2': post(['Host: a', type, length], document, 'HTTP/1.2'),
      'a coding before chunked': chunked('gzip, chunked'),
      'identity before chunked': chunked('identity, chunked'),
      'chunked with a parameter': chunked('chunked;q=1'),
      'chunked twice': chunked('chunked, chunked'),
      'a coding in a field of its own': chunked('gzip\r\nTransfer-Encoding: chunked'),
      'another coding': chunked('gzip'),
      'chunked in HTTP/1.0': chunked('chunked', 'HTTP/1.0'),
      'an unknown expectation': post(['Host: a', type, length, 'Expect: 200-ok']),
      'an unknown expectation beside the known': post(['Host: a', type, length, 'Expect: 100-continue, 200-ok']),
      'an empty expectation': post(['Host: a', type, length, 'Expect:']),
      'two expectations': post(['Host: a', type, length, 'Expect: 100-continue', 'Expect: 100-continue']),
      'an unknown expectation of a request without a body':
        'GET /v1/receipts/a HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n',
    }
    for (const [title, bytes] of Object.entries(malformed))
      t.match(await answerTo(bytes), /^HTTP\/1\.1 400 .*"code":"request-malformed"/s, title)
    const types = post(['Host: a', type, 'Content-Type: text/plain', length, 'Connection: close'])
    t.match(await answerTo(types), /^HTTP\/1\.1 415 .*"code":"media-type"/s, 'two types')
    const sameType = post(['Host: a', type, type, length, 'Connection: close'])
    t.match(await answerTo(sameType), /^HTTP\/1\.1 415 .*"code":"media-type"/s, 'one type twice')
    t.same(await Array.fromAsync(gateway.gate.ledger.list()), [])

    async function answerTo(bytes: string): Promise<string> {
      const { socket, text, closed } = await connectRaw(t, gateway)
      socket.write(bytes)
      await closed
      t.equal(text().split('HTTP/1.1 ').length, 2, `one answer to ${bytes.slice(0, 40)}`)
      t.match(text(), /content-type: application\/problem\+json/i)
      return text()
    }
  },
)

t.test('takes what is right, in any letters: the names of hosts, HTTP/1.0, chunks, the known expectation', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const type = 'Content-Type: application/xml\r\nConnection: close'
  const length = `${type}\r\nContent-Length: ${document.length}\r\n\r\n${document}`
  const chunks = `${document.length.toString(16)}\r\n${document}\r\n0\r\n\r\n`
  const heads = ['a', 'a.example:8443', '127.0.0.1:8443', '[::1]:8443', '[::1]'].map(
    host => `HTTP/1.1\r\nHost: ${host}\r\n${length}`,
  )
  heads.push(`HTTP/1.0\r\n${length}`, `HTTP/1.0\r\nHost: a\r\n${length}`)
  heads.push(`HTTP/1.1\r\nHost: a\r\n${type}\r\nTransfer-Encoding: Chunked\r\n\r\n${chunks}`)
  heads.push(`HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n${length}`)
  for (const head of heads) {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(`POST /v1/documents ${head}`)
    await closed
    t.match(text(), /^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 20[01] /, head.slice(0, 40))
  }
})
