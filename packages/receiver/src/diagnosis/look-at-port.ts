// Whether the port is free, or served by a receiver with our certificate already.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import type { Fault, Finding } from '@seg/core'
import type { Identity } from '@seg/pki'
import { listening } from '../http/start-receiver.ts'

export type PortState = { readonly isOurs: boolean }

type Place = {
  readonly configuration: { readonly host: string; readonly port: number }
  readonly 'receiver.crt': Identity
}

/** Milliseconds for a handshake with what listens there. */
const PATIENCE = 3000

/** Throws the Fault `configuration` that a start would end with. */
export async function lookAtPort({
  configuration: { host, port },
  'receiver.crt': identity,
}: Place): Promise<Finding<PortState>> {
  const address = host === 'localhost' ? '127.0.0.1' : host
  const server = createServer()
  try {
    await listening(once(server.listen(port, address), 'listening'), address, port)
    return { value: { isOurs: false }, found: port === 0 ? 'any free one' : `${port} on ${address} is free` }
  } catch (fault) {
    const { code } = Object((fault as Fault).cause)
    if (code !== 'EADDRINUSE' || !(await servesWith(identity, address, port))) throw fault
    return { value: { isOurs: true }, found: `a receiver with this certificate listens on ${address} port ${port}` }
  } finally {
    server.close()
  }
}

/** Only reads what it shows: nothing is sent to it, not even our certificate. */
async function servesWith({ certificate }: Identity, address: string, port: number): Promise<boolean> {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
  const socket = connect({ host, port, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE) })
    return socket.getPeerX509Certificate()?.fingerprint256 === certificate.fingerprint256
  } catch {
    return false
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}
