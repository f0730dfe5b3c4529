// Attacks on HTTP: requests that two implementations would read in two ways, other types, methods
// and paths.
import { forge } from './forging.ts'
import type { Scene } from './scene.ts'
import type { Attack } from './target.ts'

const kind = 'http'
const POST = 'POST /v1/documents HTTP/1.1\r\n'
const HOST = 'Host: localhost\r\n'
const XML = 'Content-Type: application/xml\r\n'

/** The head of a request, without its length; `n` is the length of the body. */
const heads: Readonly<Record<string, [expected: string, head: (n: number) => string]>> = {
  'a length and chunks': [
    '400 request-malformed',
    n => `${POST}${HOST}${XML}Content-Length: ${n}\r\nTransfer-Encoding: chunked\r\n`,
  ],
  'two lengths': ['400 request-malformed', n => `${POST}${HOST}${XML}Content-Length: ${n}\r\nContent-Length: 0\r\n`],
  'a transfer coding that hides another': [
    '400 request-malformed',
    () => `${POST}${HOST}${XML}Transfer-Encoding: xchunked\r\n`,
  ],
  'two hosts': ['400 request-malformed', n => `${POST}${HOST}Host: other\r\n${XML}Content-Length: ${n}\r\n`],
  'no host': ['400 request-malformed', n => `${POST}${XML}Content-Length: ${n}\r\n`],
  'two media types': [
    '415 media-type',
    n => `${POST}${HOST}${XML}Content-Type: text/plain\r\nContent-Length: ${n}\r\n`,
  ],
  'another media type': ['415 media-type', n => `${POST}${HOST}Content-Type: text/xml\r\nContent-Length: ${n}\r\n`],
  'another charset': [
    '415 media-type',
    n => `${POST}${HOST}Content-Type: application/xml; charset=utf-16\r\nContent-Length: ${n}\r\n`,
  ],
  'a content coding': ['415 media-type', n => `${POST}${HOST}${XML}Content-Encoding: gzip\r\nContent-Length: ${n}\r\n`],
  'a length beyond the limit': [
    '413 document-too-large',
    () => `${POST}${HOST}${XML}Content-Length: 999999999999999\r\n`,
  ],
  'another method': [
    '405 method-not-allowed',
    n => `PUT /v1/documents HTTP/1.1\r\n${HOST}${XML}Content-Length: ${n}\r\n`,
  ],
  'a path that climbs': ['404 not-found', () => `GET /v1/log/../../../etc/passwd HTTP/1.1\r\n${HOST}`],
  'a receipt whose id is a path': ['404 not-found', () => `GET /v1/receipts/..%2f..%2fseg.yaml HTTP/1.1\r\n${HOST}`],
  'headers without end': [
    '400 request-malformed',
    () =>
      `GET / HTTP/1.1\r\n${HOST}${Array.from({ length: 1000 }, (_, i) => `X${i}: ${'x'.repeat(100)}\r\n`).join('')}`,
  ],
}

export function httpAttacks({ id, write }: Scene): readonly Attack[] {
  return Object.entries(heads).map(([name, [expected, head]]) => ({
    kind,
    name,
    expected,
    run: target => {
      const document = forge(write({ id: `${id}-http` }), target.key)
      const isBodiless = head(0).startsWith('GET')
      return target.talk({
        write: socket => {
          socket.write(`${head(Buffer.byteLength(document))}Connection: close\r\n\r\n${isBodiless ? '' : document}`)
        },
      })
    },
  }))
}
