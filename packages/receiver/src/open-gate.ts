// Everything the receiver needs from its folders, checked before it listens: it would refuse every
// document with the wrong ones.
import { Fault, quote } from '@seg/core'
import { checkIdentity, gatewayId, loadIdentity, loadLogKey, loadTrust } from '@seg/pki'
import { RefusalLog } from './acceptance/refusal-log.ts'
import { openSecondOpinion, type SecondOpinionMode } from './acceptance/second-opinion.ts'
import { measureSpace, openStorageRoom } from './acceptance/storage-room.ts'
import type { Gate } from './gate.ts'
import { openUploads } from './http/uploads.ts'
import { defaultReceiverLimits } from './limits.ts'
import { closeReceiverLedger, openReceiverLedger } from './open-ledger.ts'

export type GateSettings = {
  readonly certs: string
  readonly data: string
  readonly clockSkew: number
  /** In bytes. */
  readonly documentLimit: number
  readonly secondOpinion: SecondOpinionMode
  /** Documents a second of one partner. */
  readonly rateLimit: number | 'off'
  /** In bytes. */
  readonly diskReserve: number | 'auto'
  /** Bytes that one partner may store in a day. */
  readonly storageQuota: number | 'off'
}

/**
 * Throws the Fault `configuration`, `certificate-invalid`, `certificate-purpose` or
 * `storage-unavailable`. `closeGate` closes what it opened.
 */
export async function openGate(settings: GateSettings, now: () => Date, note?: (line: string) => void): Promise<Gate> {
  const { certs, data, clockSkew, documentLimit, rateLimit } = settings
  const [identity, seal, trust] = await Promise.all([
    loadIdentity(certs, 'receiver'),
    loadIdentity(certs, 'seal'),
    loadTrust(certs),
  ])
  checkIdentity(identity, 'receiver', certs, trust, now())
  checkIdentity(seal, 'seal', certs, trust, now())
  if (gatewayId(seal.certificate) !== identity.id) {
    throw new Fault(
      'configuration',
      `receiver.crt is for ${quote(identity.id)}, seal.crt for ${quote(seal.id)}; make both with pki gen`,
    )
  }
  const ledger = await openReceiverLedger(data, seal, await loadLogKey(certs, identity.id), now, note)
  const refusals = new RefusalLog(ledger, now)
  const limits = {
    ...defaultReceiverLimits,
    documentBytes: documentLimit,
    documentsPerSecond: rateLimit === 'off' ? Number.POSITIVE_INFINITY : rateLimit,
  }
  const storage = { reserve: settings.diskReserve, quota: settings.storageQuota }
  const room = await openStorageRoom(storage, () => measureSpace(data), ledger, now())
  const secondOpinion = openSecondOpinion(settings.secondOpinion, limits.opinionTime)
  return {
    identity,
    seal: seal.certificate,
    trust,
    ledger,
    refusals,
    room,
    uploads: openUploads(limits, room),
    secondOpinion,
    clockSkew,
    limits,
    now,
  }
}

export async function closeGate({ ledger, refusals, secondOpinion, now }: Gate): Promise<void> {
  await refusals.close()
  await Promise.all([closeReceiverLedger(ledger, now), secondOpinion.close()])
}
