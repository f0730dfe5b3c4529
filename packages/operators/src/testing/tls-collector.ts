// A server over TLS on loopback that collects what it gets, with a certificate of its own.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'

/** Self-signed, for localhost; `ca` is the file to rely on. */
export function makeServerFiles(folder: string): { readonly ca: string; readonly key: string } {
  const [ca, key] = [join(folder, 'server.crt'), join(folder, 'server.key')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...curve, '-days', '2', ...names, '-keyout', key, '-out', ca], {
    stdio: 'pipe',
  })
  return { ca, key }
}

/** `onConnection` instead of reading to the end. */
export async function startCollector(
  t: Test,
  { ca, key }: ReturnType<typeof makeServerFiles>,
  onConnection?: (socket: TLSSocket) => void,
) {
  const received: string[] = []
  const server = createServer({ cert: readFileSync(ca), key: readFileSync(key) }, async socket => {
    socket.on('error', () => {})
    if (onConnection !== undefined) return onConnection(socket)
    let text = ''
    for await (const piece of socket) text += piece
    received.push(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => server.close()
  t.teardown(close)
  return { port: (server.address() as AddressInfo).port, received, close }
}
