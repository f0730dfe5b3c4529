// HTTP as bytes, for requests that no client would send: their heads and chunks, and what the
// answers were.
import type { TLSSocket } from 'node:tls'
import type { TestGateway } from '../../packages/receiver/src/testing/gateway.ts'

/** The head of a request that posts a document. */
export function documentHead(headers: string): string {
  return `POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n${headers}\r\n\r\n`
}

/** One chunk of a chunked body. */
export function frame(chunk: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')])
}

/**
 * From here on each write is a TLS record of its own. Node would send what waits for a write under
 * way in one record with it.
 */
export function writeSingly(socket: TLSSocket): void {
  Object.assign(socket, { _writev: null })
}

/** Status and, for a refusal, code of each answer in what a connection said. */
export function readAnswers(text: string): string[] {
  const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/).filter(answer => answer !== '')
  return answers.map(answer =>
    [answer.slice(9, 12), /"code":"([a-z-]+)"/.exec(answer)?.[1]].filter(part => part !== undefined).join(' '),
  )
}

/** The ids of what the receiver has stored, in order. */
export async function storedIds(gateway: TestGateway): Promise<string[]> {
  return (await Array.fromAsync(gateway.gate.ledger.list())).map(({ id }) => id)
}
