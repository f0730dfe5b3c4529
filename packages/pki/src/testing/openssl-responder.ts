// The OCSP responder of a CA: openssl, with its index of certificates, and an address on the
// loopback where it is asked.
import { spawn } from 'node:child_process'
import type { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'

type Signer = { readonly certificate: string; readonly key: string }

/** Answers requests, one at a time, as the CA of `certs` does. */
export function openResponder(certs: string, { certificate, key }: Signer = { certificate: 'ca.crt', key: 'ca.key' }) {
  const state = { revoked: new Set<string>(), known: new Set<string>(), asked: 0 }
  const answer = async (request: Buffer, ...more: string[]): Promise<Buffer> => {
    state.asked++
    const line = (serial: string) =>
      state.revoked.has(serial)
        ? `R\t350101000000Z\t260101000000Z,keyCompromise\t${serial}\tunknown\t/CN=${serial}\n`
        : `V\t350101000000Z\t\t${serial}\tunknown\t/CN=${serial}\n`
    await writeFile(join(certs, 'index.txt'), [...state.known].map(line).join(''))
    await writeFile(join(certs, 'request.der'), request)
    const signing = ['-rsigner', certificate, '-rkey', key, '-CA', 'ca.crt', '-index', 'index.txt']
    const args = ['ocsp', ...signing, '-reqin', 'request.der', '-respout', 'answer.der', '-ndays', '1', ...more]
    const child = spawn('openssl', args, { cwd: certs, stdio: 'ignore' })
    await once(child, 'close')
    return readFile(join(certs, 'answer.der'))
  }
  const know = ({ serialNumber }: X509Certificate) => void state.known.add(serialNumber)
  const revoke = ({ serialNumber }: X509Certificate) => void state.revoked.add(serialNumber)
  return Object.assign(state, { answer, know, revoke })
}

/** Where it is asked. `setUp(false)`: it fails. `hold`: it waits until the result is called. */
export async function serveResponder(t: Test, { answer }: Pick<ReturnType<typeof openResponder>, 'answer'>) {
  let isUp = true
  let held = Promise.resolve()
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    await held
    if (isUp) response.end(await answer(body))
    else response.writeHead(500).end()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => void server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    setUp(up: boolean) {
      isUp = up
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
  }
}
