// Everything the receiver needs from its folders, checked before it listens: it would refuse every document with the wrong ones.
import { Fault, quote } from '@seg/core'
import { openDocumentStore } from '@seg/ledger'
import { checkCertificate, gatewayId, loadIdentity, loadTrust } from '@seg/pki'
import type { Gate } from './gate.ts'
import { defaultLimits } from './limits.ts'

export type GateSettings = { readonly certs: string; readonly data: string; readonly clockSkew: number }

/** Throws the Fault `configuration`, `certificate-invalid`, `certificate-purpose` or `storage-unavailable`. The store is the caller's to close. */
export async function openGate({ certs, data, clockSkew }: GateSettings, now: () => Date): Promise<Gate> {
  const [identity, seal, trust] = await Promise.all([loadIdentity(certs, 'receiver'), loadIdentity(certs, 'seal'), loadTrust(certs)])
  checkCertificate(identity.certificate, 'receiver', trust, now())
  checkCertificate(seal.certificate, 'seal', trust, now())
  if (gatewayId(seal.certificate) !== identity.id) {
    throw new Fault('configuration', `receiver.crt is for ${quote(identity.id)}, seal.crt for ${quote(seal.id)}; make both with pki gen`)
  }
  const store = await openDocumentStore(data)
  return { identity, seal, trust, store, clockSkew, limits: defaultLimits, now }
}
