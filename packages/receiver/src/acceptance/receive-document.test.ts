import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import { HELD_IN_MEMORY } from '@seg/ledger'
import t from 'tap'
import { connectRaw, post, type RawConnection, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, type TestGateway } from '../testing/gateway.ts'

const certs = await makeCerts(t)
const large = 3 * HELD_IN_MEMORY
const chunkedHead =
  'POST /v1/documents HTTP/1.1\r\nHost: localhost\r\n' +
  'Content-Type: application/xml\r\nTransfer-Encoding: chunked\r\n\r\n'

t.test('a document larger than memory is allowed to hold is verified, stored as it came, and replayed', async t => {
  const gateway = await openGateway(t, certs)
  const payload = randomBytes(5 * 1024 ** 2).toString('base64')
  const document = await makeDocument(gateway, { payload })
  const answer = await post(gateway, document)
  t.equal(answer.status, 201)
  t.ok((await gateway.stored('doc123'))?.equals(document))
  const again = await post(gateway, document)
  t.equal(again.status, 200)
  t.same(again.body, answer.body)
  t.equal(
    refusalOf(await post(gateway, await makeDocument(gateway, { payload: `${payload}x` }))),
    '409 document-id-conflict',
  )
  t.same(await staged(gateway), [])
})

t.test('a large document that is not what was signed leaves nothing', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway, { payload: 'x'.repeat(large) })
  document[document.length >> 1] = 0x79
  t.equal(refusalOf(await post(gateway, document)), '422 signature-digest')
  t.same(await staged(gateway), [])
})

t.test('answers as soon as a refusal is certain, reads next to nothing more, and removes what was staged', async t => {
  const gateway = await openGateway(t, certs, { lingerTime: 300 })
  const [start = ''] = (await makeDocument(gateway)).toString().split('Lunch')
  for (const staging of [0, large]) {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(requestHead(1024 ** 3))
    socket.write(`${start}${'x'.repeat(staging)}<!-- not allowed -->`)
    const chunk = Buffer.alloc(64 * 1024, 'x')
    let taken = 0
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk, error => (taken += error ? 0 : chunk.length)));
    }
    socket.on('drain', pump)
    pump()
    await closed
    t.match(text(), /^HTTP\/1\.1 400 .*"code":"xml-comment"/s)
    t.ok(taken < 32 * 1024 ** 2, `${taken} bytes left the client`)
    t.match(gateway.log.at(-1)?.msg, /refused: signature not checked; xml-comment: .*line 5/)
    await until(async () => (await staged(gateway)).length === 0)
  }
})

t.test('a client that goes away half-way leaves nothing', async t => {
  const gateway = await openGateway(t, certs)
  const { socket, closed } = await begin(t, gateway)
  await until(async () => (await staged(gateway)).length === 1)
  socket.destroy()
  await closed
  await until(async () => (await staged(gateway)).length === 0)
  t.match(gateway.log.at(-1)?.msg, /request-malformed: the client went away after \d+ bytes/)
})

t.test(
  'refuses one document more than may be on their way at once, says when to come back, and takes it after that',
  async t => {
    const gateway = await openGateway(t, certs, { uploads: 2, lingerTime: 100 })
    const first = await begin(t, gateway)
    const second = await begin(t, gateway)
    await until(async () => (await staged(gateway)).length === 2)
    const document = await makeDocument(gateway)
    const refused = await post(gateway, document)
    t.equal(refusalOf(refused), '503 overloaded')
    t.equal(refused.headers['retry-after'], '2')
    t.match(gateway.log.at(-1)?.msg, /overloaded: 2 documents are being received already/)
    first.socket.destroy()
    await until(async () => (await post(gateway, document)).status === 201)
    second.socket.destroy()
  },
)

t.test(
  'refuses one large document more than may be on their way at once, and takes small ones beside them',
  async t => {
    const gateway = await openGateway(t, certs, { largeUploads: 1, lingerTime: 100 })
    const { socket } = await begin(t, gateway)
    await until(async () => (await staged(gateway)).length === 1)
    t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
    const document = await makeDocument(gateway, { id: 'large1', payload: 'x'.repeat(large) })
    t.equal(refusalOf(await post(gateway, document)), '503 overloaded')
    socket.destroy()
    await until(async () => (await post(gateway, document)).status === 201)
  },
)

t.test('gives back each place, after any outcome', async t => {
  const gateway = await openGateway(t, certs, {
    uploads: 1,
    largeUploads: 1,
    documentBytes: 2 * large,
    lingerTime: 100,
  })
  const document = await makeDocument(gateway, { payload: 'x'.repeat(large) })
  const tampered = Buffer.from(document.toString().replace('xxxx', 'yyyy'))
  for (let i = 0; i < 3; i++) {
    t.equal(refusalOf(await post(gateway, tampered)), '422 signature-digest')
    t.equal(refusalOf(await post(gateway, document, { 'content-type': 'text/plain' })), '415 media-type')
    t.equal(refusalOf(await post(gateway, Buffer.alloc(2 * large + 1, 'x'))), '413 document-too-large')
    t.equal((await post(gateway, document)).status, i === 0 ? 201 : 200)
  }
})

t.test('takes a chunked body of single bytes as it takes any other', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(
    'POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\n' +
      'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
  )
  const bytes = Array.from(document, byte =>
    Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]),
  )
  socket.write(Buffer.concat([...bytes, Buffer.from('0\r\n\r\n')]))
  await closed
  t.match(text(), /^HTTP\/1\.1 201 /)
  t.ok((await gateway.stored('doc123'))?.equals(document))
})

/** A large document that does not end. */
async function begin(t: Parameters<typeof connectRaw>[0], gateway: TestGateway): Promise<RawConnection> {
  const [start = ''] = (await makeDocument(gateway)).toString().split('Lunch')
  const connection = await connectRaw(t, gateway)
  connection.socket.write(requestHead(1024 ** 3))
  connection.socket.write(`${start}${'x'.repeat(large)}`)
  return connection
}

function requestHead(length: number): string {
  return `POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Type: application/xml\r\nContent-Length: ${length}\r\n\r\n`
}

function staged(gateway: TestGateway): Promise<string[]> {
  return readdir(join(gateway.data, 'staging'))
}

/**
 * What happens soon after something else; a test that waits permanently fails by its time limit.
 */

t.test('the digest of a document is that of its octets, in one piece or many, announced or chunked', async t => {
  const gateway = await openGateway(t, certs)
  for (const [i, length] of [0, 12_000, 20_000, 100_000, large].entries()) {
    for (const form of ['announced', 'chunked']) {
      const id = `doc-${i}-${form}`
      const document = await makeDocument(gateway, { id, payload: 'x'.repeat(length) })
      const { socket, text } = await connectRaw(t, gateway)
      socket.write(form === 'announced' ? requestHead(document.length) : chunkedHead)
      // A record of TLS each, so that the first piece is large enough to be released.
      for (let at = 0; at < document.length; at += 16 * 1024) {
        const piece = document.subarray(at, at + 16 * 1024)
        if (form === 'announced') socket.write(piece)
        else socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]))
      }
      if (form === 'chunked') socket.write('0\r\n\r\n')
      await until(async () => text().startsWith('HTTP/1.1 201'))
      const { sha256 } = (await gateway.gate.ledger.find('MINISTRY 1_SEG01', id))!
      t.equal(sha256, createHash('sha256').update(document).digest('hex'), id)
      socket.destroy()
    }
  }
})

t.test('a document is whole when it is accepted, wherever its last piece is cut', async t => {
  const gateway = await openGateway(t, certs)
  for (let i = 0; i < 60; i++) {
    // Two buffers full, and a little that comes with the last piece.
    const document = await makeDocument(gateway, { id: `doc${i}`, payload: 'x'.repeat(2 * HELD_IN_MEMORY) })
    t.equal((await post(gateway, document)).status, 201)
    t.ok((await gateway.stored(`doc${i}`))?.equals(document), `document ${i}`)
  }
})
