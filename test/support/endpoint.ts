// The receiver's own system behind its webhook: it takes whatever is posted to it and keeps
// account.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { loadIdentity } from '@seg/pki'
import type { Test } from 'tap'

export type Posted = { readonly id: string; readonly index: number; readonly sha256: string }

/**
 * `posted`: whole documents in the order in which they came, the same more than once perhaps;
 * `settings` make a receiver post to it.
 */
export async function openEndpoint(
  t: Test,
  certs: string,
): Promise<{ posted: readonly Posted[]; settings: readonly string[] }> {
  const posted: Posted[] = []
  const { certificatePem, keyPem } = await loadIdentity(certs, 'receiver')
  const server = createServer({ cert: certificatePem, key: keyPem }, async (request, response) => {
    const body = await buffer(request).catch(() => undefined)
    // Cut off: whoever posted it was killed.
    if (body === undefined) return
    const { 'seg-document-id': id, 'seg-index': index } = request.headers
    posted.push({
      id: decodeURIComponent(String(id)),
      index: Number(index),
      sha256: createHash('sha256').update(body).digest('hex'),
    })
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const secret = join(certs, 'webhook.secret')
  await writeFile(secret, randomBytes(32), { mode: 0o600 })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { posted, settings: ['--webhook', url, '--webhook-secret', secret, '--webhook-ca', join(certs, 'ca.crt')] }
}
