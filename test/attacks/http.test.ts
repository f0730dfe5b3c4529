// Attacks on HTTP's framing, on sizes, types, methods and paths, by a client whose certificate is
// good.
import t from 'tap'
import { call, connectRaw, post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, makeDocument, openGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { documentHead, frame, readAnswers, storedIds, writeSingly } from '../support/raw-http.ts'

const certs = await makeCerts(t)

t.test('does not read a body of 2 MiB to its end', async t => {
  const LIMIT = 1024 ** 2
  const gateway = await openGateway(t, certs, { documentBytes: LIMIT, lingerTime: 300, discardedBytes: LIMIT })
  // Nothing is wrong with it but its size.
  const document = await makeDocument(gateway, { payload: 'x'.repeat(2 * LIMIT) })

  await t.test('with Content-Length: not a byte of it is needed for the answer', async t => {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(documentHead(`Content-Length: ${2 * LIMIT}`))
    await closed
    t.match(text(), /^HTTP\/1\.1 413 .*"code":"document-too-large"/s)
  })
  await t.test('chunked: the limit and one byte are enough for the answer', async t => {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(documentHead('Transfer-Encoding: chunked'))
    const size = LIMIT / 16
    for (let at = 0; at < LIMIT; at += size) socket.write(frame(document.subarray(at, at + size)))
    socket.write(frame(document.subarray(LIMIT, LIMIT + 1)))
    await closed
    t.match(text(), /^HTTP\/1\.1 413 .*"code":"document-too-large"/s)
  })
  for (const [framing, wrap] of [
    [`Content-Length: ${1024 ** 4}`, (chunk: Buffer) => chunk],
    ['Transfer-Encoding: chunked', frame],
  ] as const) {
    await t.test(
      `${framing}: an eager client gets rid of what is dropped and what the kernels buffer, and no more`,
      async t => {
        const { socket, closed } = await connectRaw(t, gateway)
        socket.write(documentHead(framing))
        socket.write(wrap(document.subarray(0, LIMIT)))
        const chunk = wrap(Buffer.alloc(64 * 1024, 'x'))
        let taken = 0
        const pump = () => {
          while (!socket.destroyed && socket.write(chunk, error => (taken += error ? 0 : chunk.length)));
        }
        socket.on('drain', pump)
        pump()
        await closed
        t.ok(taken < 32 * 1024 ** 2, `${taken} bytes left the client`)
      },
    )
  }
  await t.test('a usual client gets the answer both ways', async t => {
    t.equal(refusalOf(await post(gateway, document)), '413 document-too-large')
    const headers = { 'content-type': 'application/xml', 'transfer-encoding': 'chunked' }
    const chunked = await call(gateway, { method: 'POST', path: '/v1/documents', headers, body: document })
    t.equal(refusalOf(chunked), '413 document-too-large')
  })
  t.same(await storedIds(gateway), [])
})

t.test(
  'a client that writes all of its request before it reads sees the answer to one that is refused early',
  async t => {
    const gateway = await openGateway(t, certs)
    const [start = ''] = (await makeDocument(gateway)).toString().split('Lunch')
    const megabyte = Buffer.alloc(1024 ** 2, 'x')
    const MEGABYTES = 24
    const length = `Content-Length: ${start.length + 8 + MEGABYTES * megabyte.length}`
    const requests: Record<string, [head: string, wrap: (chunk: Buffer) => Buffer, answer: string]> = {
      'with a length': [`${documentHead(length)}${start}<!-- -->`, chunk => chunk, '400 xml-comment'],
      'in chunks': [
        `${documentHead('Transfer-Encoding: chunked')}${frame(Buffer.from(`${start}<!-- -->`))}`,
        frame,
        '400 xml-comment',
      ],
      'of another type': [
        documentHead(length).replace('application/xml', 'text/plain'),
        chunk => chunk,
        '415 media-type',
      ],
      'in chunks of no size': [
        `${documentHead('Transfer-Encoding: chunked')}nonsense\r\n`,
        chunk => chunk,
        '400 request-malformed',
      ],
    }
    for (const [title, [head, wrap, answer]] of Object.entries(requests)) {
      const { socket, text, closed } = await connectRaw(t, gateway)
      socket.pause()
      socket.write(head)
      const chunk = wrap(megabyte)
      for (let i = 0; i < MEGABYTES; i++) await new Promise<void>(resolve => socket.write(chunk, () => resolve()))
      socket.resume()
      await closed
      t.same(readAnswers(text()), [answer], title)
    }
  },
)

t.test('but only up to an amount, and for a time', async t => {
  const amount = await openGateway(t, certs, { discardedBytes: 4 * 1024 ** 2 })
  const { socket, closed } = await connectRaw(t, amount)
  socket.write(documentHead(`Content-Length: ${1024 ** 4}`))
  let taken = 0
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const pump = () => {
    while (!socket.destroyed && socket.write(chunk, error => (taken += error ? 0 : chunk.length)));
  }
  socket.on('drain', pump)
  pump()
  await closed
  t.ok(taken < 24 * 1024 ** 2, `${taken} bytes left the client`)
  const time = await openGateway(t, certs, { lingerTime: 200 })
  const slow = await connectRaw(t, time)
  // It continues when the receiver has ended its side, and finds out by writing that nobody reads
  // any more.
  slow.socket.allowHalfOpen = true
  slow.socket.write(documentHead(`Content-Length: ${1024 ** 4}`))
  const drip = setInterval(() => slow.socket.write('x'), 20)
  await slow.closed
  clearInterval(drip)
  t.same(readAnswers(slow.text()), ['413 document-too-large'])
})

t.test('in pieces of one byte, only so many as cost what that amount costs', async t => {
  const gateway = await openGateway(t, certs, { discardedBytes: 512 * 1000, lingerTime: 300_000, freePieces: 100 })
  for (const form of ['chunks', 'records'] as const) {
    const { socket, text, closed } = await connectRaw(t, gateway)
    // It continues when the receiver has ended its side, and finds out by writing that nobody
    // reads.
    socket.allowHalfOpen = true
    if (form === 'records') writeSingly(socket)
    const isChunked = form === 'chunks'
    socket.write(documentHead(isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${1024 ** 4}`))
    const [start = ''] = (await makeDocument(gateway)).toString().split('Lunch')
    if (isChunked) socket.write(frame(Buffer.from(start)))
    const piece = isChunked ? '1\r\nx\r\n' : 'x'
    for (let i = 0; i < 3000; i++) socket.write(piece)
    const drip = setInterval(() => socket.write(piece), 20)
    await closed
    clearInterval(drip)
    // What has not been read before the connection was reset is lost.
    t.match(readAnswers(text())[0] ?? 'reset', /^(400 request-fragmented|413 document-too-large|reset)$/)
  }
})

t.test('takes a document line by line and in small chunks, and refuses one that continues byte by byte', async t => {
  const gateway = await openGateway(t, certs, { freePieces: 100 })
  const send = async (size: number, payload: string) => {
    const document = await makeDocument(gateway, { id: `in-${size}`, payload })
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(documentHead('Transfer-Encoding: chunked\r\nConnection: close'))
    for (let at = 0; at < document.length; at += size) socket.write(frame(document.subarray(at, at + size)))
    socket.write('0\r\n\r\n')
    await closed
    return readAnswers(text())
  }
  const payload = 'x'.repeat(20_000)
  t.same(await send(1, payload), ['400 request-fragmented'])
  t.same(await send(12, payload), ['400 request-fragmented'])
  t.same(await send(17, payload), ['201'])
  t.same(await send(1000, payload), ['201'])
  t.match(gateway.log.at(-3)?.msg, /request-fragmented: expected 16 bytes or more in each piece beyond 100, on average/)
})

t.test('takes application/xml in UTF-8 and nothing else', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const types = [
    'text/xml',
    'application/xml+x',
    'application/soap+xml',
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'application/xml; charset=utf-16',
    'application/xml; charset=utf-7',
    'application/xml; charset=utf-8; charset=utf-16',
    'application/xml, text/plain',
    'application/xml;',
    ' ',
  ]
  for (const type of types)
    t.equal(refusalOf(await post(gateway, document, { 'content-type': type })), '415 media-type', type)
  for (const coding of ['gzip', 'identity', 'br, gzip']) {
    const headers = { 'content-type': 'application/xml', 'content-encoding': coding }
    const answer = await post(gateway, document, headers)
    t.equal(refusalOf(answer), '415 media-type', coding)
    t.equal(answer.headers['accept-encoding'], 'identity', coding)
    t.match(JSON.parse(answer.body.toString()).detail, /without a Content-Encoding/)
  }
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(documentHead(`Content-Type: text/plain\r\nConnection: close\r\nContent-Length: ${document.length}`))
  socket.write(document)
  await closed
  t.same(readAnswers(text()), ['415 media-type'], 'a second type')
  t.same(await storedIds(gateway), [])
  t.equal((await post(gateway, document)).status, 201)
})

t.test('answers HTTP of doubtful framing with 400 and closes', async t => {
  const gateway = await openGateway(t, certs, { lingerTime: 100 })
  const document = (await makeDocument(gateway)).toString()
  const length = `Content-Length: ${Buffer.byteLength(document)}`
  const chunked = 'Transfer-Encoding: chunked'
  const body = `\r\n\r\n${document}`
  const inChunks = `\r\n\r\n${frame(Buffer.from(document))}0\r\n\r\n`
  const head = 'POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n'
  const doubtful: Record<string, string> = {
    'Content-Length before Transfer-Encoding': `${head}${length}\r\n${chunked}${inChunks}`,
    'Content-Length after Transfer-Encoding': `${head}${chunked}\r\n${length}${inChunks}`,
    'Content-Length: 0 and Transfer-Encoding': `${head}Content-Length: 0\r\n${chunked}${inChunks}`,
    'two lengths': `${head}${length}\r\nContent-Length: 5${body}`,
    'one length twice': `${head}${length}\r\n${length}${body}`,
    'a list of lengths': `${head}${length}, 5${body}`,
    'a length with a sign': `${head}Content-Length: +${document.length}${body}`,
    'a length in hexadecimal': `${head}Content-Length: 0x${document.length.toString(16)}${body}`,
    'a negative length': `${head}Content-Length: -1${body}`,
    'a length beyond 64 bits': `${head}Content-Length: 18446744073709551617${body}`,
    'a transfer coding that is none': `${head}Transfer-Encoding: xchunked${inChunks}`,
    'a transfer coding after chunked': `${head}${chunked}, identity${inChunks}`,
    'chunked twice': `${head}${chunked}\r\n${chunked}${inChunks}`,
    'a chunk size that is no number': `${head}${chunked}\r\n\r\nxyz\r\n${document}\r\n0\r\n\r\n`,
    'a chunk size beyond 64 bits': `${head}${chunked}\r\n\r\n10000000000000001\r\n${document}\r\n0\r\n\r\n`,
    'a chunk extension without end': `${head}${chunked}\r\n\r\n1;${'x'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`,
    'a space before the colon': `${head}Content-Length : ${document.length}${body}`,
    'a folded header': `${head}X: y\r\n Content-Length: 5\r\n${length}${body}`,
    'a NUL in a header': `${head}X: a\0b\r\n${length}${body}`,
    'a carriage return alone': `${head}X: a\r${length}${body}`,
    'line feeds alone': `${head}${length}${body}`.replaceAll('\r\n', '\n'),
    'a header of 9 KiB': `${head}X: ${'x'.repeat(9 * 1024)}\r\n${length}${body}`,
    'a path of 9 KiB': `POST /${'x'.repeat(9 * 1024)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    'headers of 9 KiB together': `${head}${'X: 1234567890\r\n'.repeat(620)}${length}${body}`,
    'HTTP/2 without asking': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'two Hosts': `${head}Host: other\r\n${length}${body}`,
    'no Host': `${head.replace('Host: localhost\r\n', '')}${length}${body}`,
    'HTTP/0.9': 'GET /v1/receipts/doc123\r\n\r\n',
    'a coding before chunked': `${head}Transfer-Encoding: gzip, chunked${inChunks}`,
    'a coding before chunked, in a field of its own': `${head}Transfer-Encoding: gzip\r\n${chunked}${inChunks}`,
    'chunked in HTTP/1.0': `${head.replace('HTTP/1.1', 'HTTP/1.0')}${chunked}${inChunks}`,
    'an unknown expectation': `${head}Expect: 200-ok\r\n${length}${body}`,
    'an unknown expectation beside the known': `${head}Expect: 200-ok, 100-continue\r\n${length}${body}`,
    'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  }
  for (const [title, bytes] of Object.entries(doubtful)) {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(bytes)
    await closed
    t.same(readAnswers(text()), ['400 request-malformed'], title)
  }
  t.same(await storedIds(gateway), [])
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write(`${head}Connection: close\r\n${chunked}${inChunks}`)
  await closed
  t.same(readAnswers(text()), ['201'], 'and takes what is well framed')
})

t.test('nothing behind a request is taken for part of it, and no part of it for a request', async t => {
  const gateway = await openGateway(t, certs, { lingerTime: 100, keepAliveTime: 100 })
  await post(gateway, await makeDocument(gateway, { id: 'known' }))
  const request = async (id: string) => {
    const document = await makeDocument(gateway, { id })
    return Buffer.concat([Buffer.from(documentHead(`Content-Length: ${document.length}`)), document])
  }
  const [first, second, third, fourth, hidden] = await Promise.all(
    ['first', 'second', 'third', 'fourth', 'hidden'].map(request),
  )
  const hide = (head: string) => [`${head}Host: localhost\r\nContent-Length: ${hidden!.length}\r\n\r\n`, hidden!]
  const shorten = (bytes: Buffer) =>
    bytes.toString().replace(/Content-Length: (\d+)/, (_, n) => `Content-Length: ${n - 20}`)
  const conversations: [title: string, parts: (string | Buffer)[], answers: RegExp][] = [
    ['garbage behind a document', [first!, 'NONSENSE\r\n\r\n'], /^201,400 request-malformed$/],
    ['binary garbage behind a document', [second!, Buffer.alloc(5000, 0xff)], /^201,400 request-malformed$/],
    ['two documents are two', [third!, fourth!], /^201,201$/],
    ['a request in the body of a GET', hide('GET /v1/receipts/known HTTP/1.1\r\n'), /^200$/],
    ['of a GET that is refused', hide('GET /v1/receipts/none HTTP/1.1\r\n'), /^404 not-found$/],
    ['of a POST to nowhere', hide('POST /nowhere HTTP/1.1\r\nContent-Type: application/xml\r\n'), /^404 not-found$/],
    [
      'of a POST of another type',
      hide('POST /v1/documents HTTP/1.1\r\nContent-Type: text/plain\r\n'),
      /^415 media-type$/,
    ],
    ['the end of a document as the next request', [shorten(hidden!)], /^400 xml-malformed,400 request-malformed$/],
  ]
  const check = async ([title, parts, answers]: (typeof conversations)[number]) => {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(Buffer.concat(parts.map(part => Buffer.from(part))))
    await closed
    t.match(readAnswers(text()).join(), answers, title)
  }
  await Promise.all(conversations.map(check))
  // What stands before garbage is whole, and is accepted.
  t.same((await storedIds(gateway)).sort(), ['first', 'fourth', 'known', 'second', 'third'])
})

t.test('serves each path in the absolute form too, and with any query', async t => {
  const gateway = await openGateway(t, certs)
  const body = await makeDocument(gateway)
  const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) }
  const form = async (method: string, target: string) =>
    (await call(gateway, { method, path: target, ...(method === 'POST' && { headers, body }) })).status
  t.equal(await form('POST', 'https://localhost:8443/v1/documents'), 201)
  for (const [before, after] of [
    ['https://localhost:8443', ''],
    ['HTTPS://LOCALHOST', '?a=b'],
    ['', '?'],
    ['', '?a/b?c'],
  ]) {
    t.equal(await form('POST', `${before}/v1/documents${after}`), 200)
    for (const path of ['/v1/receipts/doc123', '/v1/log/checkpoint', '/v1/log/tile/0/000.p/2'])
      t.equal(await form('GET', `${before}${path}${after}`), 200, `${before}${path}${after}`)
  }
  t.equal(await form('GET', 'https://localhost'), 404)
  t.equal(await form('GET', 'https://localhost/v1/log/?/checkpoint'), 404)
})

t.test('a method that a path does not take gets 405 with Allow, whatever its name and its body', async t => {
  const gateway = await openGateway(t, certs)
  const bodies = ['\r\n', 'Content-Length: 3\r\n\r\nabc', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n']
  const paths: readonly (readonly [path: string, allow: string, methods: readonly string[]])[] = [
    ['/v1/documents', 'POST', ['QUERY', 'FOO', 'post', "M-!#$%&'*+.^_`|~9"]],
    ['/v1/log/checkpoint', 'GET, HEAD', ['QUERY', 'GETT', 'get']],
    ['https://localhost/v1/receipts/a?b', 'GET, HEAD', ['QUERY', 'X']],
  ]
  for (const [path, allow, methods] of paths) {
    for (const method of methods) {
      for (const body of bodies) {
        const { socket, text, closed } = await connectRaw(t, gateway)
        socket.write(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${body}`)
        await closed
        t.same(readAnswers(text()), ['405 method-not-allowed'], `${method} ${path} ${body}`)
        t.match(text(), new RegExp(`^allow: ${allow}\r$`, 'im'))
      }
    }
  }
  for (const line of ['FOO /x HTTP/1.1', 'QUERY /x HTTP/1.1']) {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(`${line}\r\nHost: a\r\nConnection: close\r\n\r\n`)
    await closed
    t.same(readAnswers(text()), ['404 not-found'], line)
  }
  for (const line of ['FO(O /v1/documents HTTP/1.1', 'FOO /v1/documents', ' FOO /v1/documents HTTP/1.1', 'FOO']) {
    const { socket, text, closed } = await connectRaw(t, gateway)
    socket.write(`${line}\r\nHost: a\r\n\r\n`)
    await closed
    t.same(readAnswers(text()), ['400 request-malformed'], line)
  }
})

t.test('a body that nobody has a use for costs a client no answer, and HEAD has none', async t => {
  const gateway = await openGateway(t, certs)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const body = Buffer.alloc(4 * 1024 ** 2, 'x')
  for (const path of ['/v1/receipts/doc123', '/v1/log/checkpoint', '/v1/receipts/unknown', '/v1/documents', '/x']) {
    for (const method of ['GET', 'HEAD']) {
      const { socket, text, closed } = await connectRaw(t, gateway)
      socket.pause()
      // It reads when all is written, as some clients do.
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`)
      socket.end(body, () => socket.resume())
      await closed
      const [head = '', ...rest] = text().split('\r\n\r\n')
      t.match(head, /^HTTP\/1\.1 (200|404|405) .*\r\nconnection: close(\r|$)/is, `${method} ${path}`)
      t.equal(rest.join('').length === 0, method === 'HEAD', `${method} ${path} has ${rest.join('').length} bytes`)
    }
  }
})

t.test('serves no other method and no other path', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const headers = { 'content-type': 'application/xml', 'content-length': String(document.length) }
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK']) {
    const answer = await call(gateway, { method, path: '/v1/documents', headers, body: document })
    t.equal(refusalOf(answer), '405 method-not-allowed', method)
    t.equal(answer.headers.allow, 'POST', method)
  }
  for (const path of ['/v1/receipts/doc123', '/v1/log/checkpoint', 'https://localhost/v1/log/tile/0/000?x']) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await call(gateway, { method, path })
      t.equal(refusalOf(answer), '405 method-not-allowed', `${method} ${path}`)
      t.equal(answer.headers.allow, 'GET, HEAD', `${method} ${path}`)
    }
  }
  const paths = [
    '/',
    '/v1',
    '/v1/documents/',
    '//v1/documents',
    '/V1/documents',
    '/v1/./documents',
    '/v1/x/../documents',
    '/v1/documents;x',
  ]
  for (const path of [
    ...paths,
    '/v1/documents%00',
    '/v2/documents',
    '/livez',
    '/metrics',
    '/v1/receipts/doc123/receipt.xml',
    '*',
  ]) {
    t.equal(refusalOf(await call(gateway, { method: 'POST', path, headers, body: document })), '404 not-found', path)
  }
  const { socket, text, closed } = await connectRaw(t, gateway)
  socket.write('CONNECT localhost:8443 HTTP/1.1\r\nHost: localhost:8443\r\n\r\n')
  await closed
  t.same(readAnswers(text()), ['405 method-not-allowed'], 'it is no proxy')
  t.match(text(), /^allow: \r$/im, 'which takes nothing here')
  t.match(gateway.log.at(-1), { code: 'method-not-allowed' })
  const pipelined = await connectRaw(t, gateway)
  const get = 'GET /v1/log/checkpoint HTTP/1.1\r\nHost: localhost\r\n\r\n'
  pipelined.socket.write(`${get}CONNECT localhost:8443 HTTP/1.1\r\nHost: localhost:8443\r\n\r\n${get}`)
  await pipelined.closed
  t.match(readAnswers(pipelined.text()), ['200', '405 method-not-allowed'], 'in order, and nothing behind it')
  t.same(await storedIds(gateway), [])
})
