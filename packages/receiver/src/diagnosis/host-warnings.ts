// Whether senders that reach us under the address that we listen on find its name in receiver.crt.
import { isIP } from 'node:net'
import { quote, type Trouble } from '@seg/core'
import { type Identity, renewalCommand } from '@seg/pki'

/** Addresses that are no name of a machine. */
const ANY = ['0.0.0.0', '::']

export function hostWarnings(
  { id, certificate }: Identity,
  { certs, host }: { readonly certs: string; readonly host: string },
): Trouble[] {
  const isNamed = isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)
  if (ANY.includes(host) || isNamed !== undefined) return []
  return [
    {
      cause:
        `receiver.crt is for other hosts: expected ${quote(host)}, ` +
        `on which we listen, found ${quote(certificate.subjectAltName ?? 'no host')}`,
      command: renewalCommand('unfit', { certs, profile: 'receiver', id, host }),
    },
  ]
}
