// Everything the receiver needs from its folders, checked before it listens: it would refuse every
// document with the wrong ones.
import { type LedgerAddress, openSharedNotes } from '@seg/ledger'
import { type AuditTrail, findRestored, openAuditTrail, openDesk } from '@seg/operators'
import { loadLogKey } from '@seg/pki'
import { RefusalLog } from './acceptance/refusal-log.ts'
import { openSecondOpinion, type SecondOpinionMode } from './acceptance/second-opinion.ts'
import { measureSpace, openStorageRoom } from './acceptance/storage-room.ts'
import { serviceAct } from './audit/run-audit.ts'
import { openCredentials } from './credentials/live-credentials.ts'
import { type CredentialSettings, loadCredentials } from './credentials/load-credentials.ts'
import type { Gate } from './gate.ts'
import { openUploads } from './http/uploads.ts'
import { defaultReceiverLimits } from './limits.ts'
import { SealState } from './measures/seal-state.ts'
import { openWitnesses } from './measures/witnesses.ts'
import { closeReceiverLedger, openReceiverLedger, version } from './open-ledger.ts'
import { openTurnsByKey } from './shares/in-turn.ts'
import { openUploadShares } from './shares/upload-shares.ts'

export type GateSettings = CredentialSettings & {
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
  /** How long the desk keeps facts, and in how many bytes. */
  readonly deskDays: number
  readonly deskBytes: number
  /** The data folder of a sender whose deliveries the desk has, too. */
  readonly consoleOutbox: string | 'off'
  /** Of the database that several receivers share, and the file of its password. */
  readonly ledger?: string | undefined
  readonly ledgerPassword?: string | undefined
  /** The name of this one, of several receivers with one ledger. */
  readonly node: string
}

/**
 * Throws the Fault `configuration`, `certificate-invalid`, `certificate-purpose` or
 * `storage-unavailable`. `closeGate` closes what it opened.
 */
export async function openGate(settings: GateSettings, now: () => Date, note?: (line: string) => void): Promise<Gate> {
  const { data, certs, clockSkew, documentLimit, rateLimit, node } = settings
  const first = await loadCredentials(settings, now())
  const { identity, seal } = first
  const logKey = await loadLogKey(certs, identity.id)
  let audit: AuditTrail | undefined
  const started = async () => {
    audit = await openAuditTrail(data, 'receiver', version)
    const backup = findRestored(audit)
    if (backup !== undefined)
      note?.(
        `this ledger comes from the backup ${backup}, as its log says from now on; ` +
          'partners that saw a longer log raise log-rewritten',
      )
    return recordOwnAct(audit, 'system.started', identity.id, node, now())
  }
  const address = addressOf(settings)
  const ledger = await openReceiverLedger(data, seal, logKey, now, note, started, { address, node })
  if (documentLimit > ledger.mostBytes)
    note?.(`documents of up to ${ledger.mostBytes} bytes are accepted: the ledger's database takes no larger ones`)
  const refusals = new RefusalLog(ledger, now)
  const limits = {
    ...defaultReceiverLimits,
    documentBytes: Math.min(documentLimit, ledger.mostBytes),
    documentsPerSecond: rateLimit === 'off' ? Number.POSITIVE_INFINITY : rateLimit,
  }
  const storage = { reserve: settings.diskReserve, quota: settings.storageQuota }
  const room = await openStorageRoom(storage, () => measureSpace(data), ledger, now())
  const desk = openDesk(
    {
      folder: data,
      retention: { days: settings.deskDays, bytes: settings.deskBytes },
      outbox: settings.consoleOutbox === 'off' ? undefined : settings.consoleOutbox,
      alerts: { gateway: identity.id, config: settings.config, ...(ledger.isShared && { node }) },
    },
    note ?? (() => {}),
  )
  const shares = openUploadShares(limits, room, now)
  const secondOpinion = openSecondOpinion(settings.secondOpinion, limits.opinionTime)
  return {
    data,
    node,
    credentials: openCredentials(first),
    ledger,
    sealing: new SealState(),
    refusals,
    ...(audit && { audit }),
    desk,
    witnesses: await openWitnesses(data, now, note ?? (() => {}), openSharedNotes(data)),
    room,
    uploads: openUploads(shares),
    shares,
    inTurn: openTurnsByKey(),
    secondOpinion,
    clockSkew,
    limits,
    now,
  }
}

function addressOf({ ledger, ledgerPassword: password }: GateSettings): LedgerAddress | undefined {
  return ledger === undefined ? undefined : { ledger, password }
}

export async function closeGate(gate: Gate): Promise<void> {
  const { ledger, refusals, audit, desk, witnesses, secondOpinion, credentials, node, now } = gate
  await refusals.close()
  await witnesses.close()
  await desk.close()
  const stopped =
    audit && (async () => recordOwnAct(audit, 'system.stopped', credentials.current.identity.id, node, now()))
  const { schemas } = credentials.current.documents
  await Promise.all([closeReceiverLedger(ledger, now, stopped), secondOpinion.close(), schemas.close()])
  audit?.close()
}

/** A start or a stop: its record, and where that goes in the log. */
function recordOwnAct(audit: AuditTrail, action: string, id: string, node: string, now: Date) {
  const { number, digest } = audit.add(serviceAct(action, id, node), 'success', now)
  return { digest, entered: (index: number) => audit.setLeaf(number, index) }
}
