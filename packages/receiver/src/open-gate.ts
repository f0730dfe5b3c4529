// Everything the receiver needs from its folders, checked before it listens: it would refuse every document with the wrong ones.
import { Fault, quote } from '@seg/core'
import { openDocumentStore } from '@seg/ledger'
import { checkCertificate, gatewayId, loadIdentity, loadTrust } from '@seg/pki'
import type { Gate } from './gate.ts'
import { defaultLimits } from './limits.ts'
import { openSecondOpinion, type SecondOpinionMode } from './second-opinion.ts'
import { openUploads } from './uploads.ts'

export type GateSettings = {
  readonly certs: string
  readonly data: string
  readonly clockSkew: number
  /** In bytes. */
  readonly documentLimit: number
  readonly secondOpinion: SecondOpinionMode
}

/** Throws the Fault `configuration`, `certificate-invalid`, `certificate-purpose` or `storage-unavailable`. `closeGate` closes what it opened. */
export async function openGate(settings: GateSettings, now: () => Date): Promise<Gate> {
  const { certs, data, clockSkew, documentLimit } = settings
  const [identity, seal, trust] = await Promise.all([loadIdentity(certs, 'receiver'), loadIdentity(certs, 'seal'), loadTrust(certs)])
  checkCertificate(identity.certificate, 'receiver', trust, now())
  checkCertificate(seal.certificate, 'seal', trust, now())
  if (gatewayId(seal.certificate) !== identity.id) {
    throw new Fault('configuration', `receiver.crt is for ${quote(identity.id)}, seal.crt for ${quote(seal.id)}; make both with pki gen`)
  }
  const store = await openDocumentStore(data)
  const limits = { ...defaultLimits, documentBytes: documentLimit }
  const secondOpinion = openSecondOpinion(settings.secondOpinion, limits.opinionTime)
  return { identity, seal, trust, store, uploads: openUploads(limits), secondOpinion, clockSkew, limits, now }
}

export async function closeGate({ store, secondOpinion }: Gate): Promise<void> {
  await Promise.all([store.close(), secondOpinion.close()])
}
