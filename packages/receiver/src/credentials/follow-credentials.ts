// Certificates, keys, revocation lists, partners and types of documents replaced while the receiver
// runs: what changed on the disk is read and tried out first, then everything is replaced at once.
// What is broken replaces nothing, and the log says so.
import { join } from 'node:path'
import { amount, digestFiles, Fault, keepLooking, type Looks, quote } from '@seg/core'
import { checkCertificate, fetchedListsFolder, policyFiles, type SealIdentity } from '@seg/pki'
import type { RunningAudit } from '../audit/run-audit.ts'
import type { Gate } from '../gate.ts'
import { toFault } from '../http/problem.ts'
import type { Logger } from '../logger.ts'
import { sealingOf } from '../open-ledger.ts'
import type { Credentials } from './live-credentials.ts'
import { type CredentialSettings, loadCredentials } from './load-credentials.ts'
import { recordTrustChanges, SOME_OPERATOR } from './trust-journal.ts'

/**
 * A receipt is judged by the time that it names, which may be a moment before it is sealed: a new
 * seal must have been valid for as long.
 */
const SEAL_SETTLED = 10_000

/** Milliseconds since 1970; `isTaken`: false while what changed since then is refused. */
export type Reload = { readonly takenAt: number; readonly isTaken: boolean }

/** A look has ended when what was found is in use, or was refused. */
export function followCredentials(
  settings: CredentialSettings,
  gate: Gate,
  logger: Logger,
  audit?: Pick<RunningAudit, 'found'>,
): Looks & { readonly reload: Reload } {
  let reload: Reload = { takenAt: gate.now().getTime(), isTaken: true }
  /** Of what is in use; at first of nothing, for much may change while a ledger is opened. */
  let inUse = ''
  let isRecorded = false
  /**
   * Of what was refused last: logged once, and tried again at each look, for its dates may come.
   */
  let refused = ''

  const lookOnce = async () => {
    const found = await digestOf(settings, gate.credentials.current)
    try {
      if (found !== inUse) await replaceWith(found)
      refused = ''
      reload = { ...reload, isTaken: true }
    } catch (error) {
      // Changed while it was read: the next look has it.
      if (found !== (await digestOf(settings, gate.credentials.current))) return
      const { code, detail } = toFault(error)
      if (refused !== found)
        logger.error({ code }, `what changed is not taken, the former stays in use: ${code}: ${detail}`)
      refused = found
      reload = { ...reload, isTaken: false }
    }
    if (isRecorded) return
    try {
      const { ledger, credentials, now } = gate
      const acts = await recordTrustChanges(ledger, settings.data, credentials.current, now(), SOME_OPERATOR)
      for (const { action, subject } of acts) audit?.found(action, 'trust', subject)
      isRecorded = true
    } catch (error) {
      logger.error({ code: toFault(error).code }, `changes of trust wait for the log: ${toFault(error).detail}`)
    }
  }
  const replaceWith = async (found: string) => {
    const present = gate.credentials.current
    const next = await loadCredentials(settings, gate.now(), present)
    rehearse(next, present, gate.now())
    const digest = await digestOf(settings, next)
    // Changed while it was read: the next look has it.
    if (found !== (await digestOf(settings, present))) return
    if (isOtherKey(next.seal, present.seal)) await gate.ledger.replaceSealer(sealingOf(next.seal))
    gate.credentials.replace(next)
    if (next.documents !== present.documents) void present.documents.schemas.retire()
    isRecorded = false
    if (inUse !== '') {
      logger.info(describeChange(present, next))
      audit?.found('credentials-replaced', 'receiver', next.identity.id)
    }
    inUse = digest
    reload = { takenAt: gate.now().getTime(), isTaken: true }
  }
  return {
    ...keepLooking(lookOnce),
    get reload() {
      return reload
    },
  }
}

function isOtherKey(a: SealIdentity, b: SealIdentity): boolean {
  return a.certificatePem !== b.certificatePem || a.keyPem !== b.keyPem
}

/** Throws the Faults `configuration` and `certificate-invalid`. */
function rehearse(next: Credentials, present: Credentials, now: Date): void {
  if (next.identity.id !== present.identity.id)
    throw new Fault(
      'configuration',
      `receiver.crt is for ${quote(next.identity.id)}, ` +
        `and this receiver is ${quote(present.identity.id)}: another id needs another data folder`,
    )
  if (next.seal.certificatePem !== present.seal.certificatePem)
    checkCertificate(next.seal.certificate, 'seal', next.trust, new Date(now.getTime() - SEAL_SETTLED))
}

function describeChange(before: Credentials, after: Credentials): string {
  const changed = [
    before.identity.certificatePem !== after.identity.certificatePem && 'receiver.crt',
    before.seal.certificatePem !== after.seal.certificatePem && 'seal.crt',
    before.trust.caPem !== after.trust.caPem && 'ca.crt',
    before.responder !== after.responder && `stapling ${after.responder ?? 'off'}`,
    before.documents !== after.documents && `documents ${after.documents.types.map(({ name }) => name).join(' ')}`,
  ].filter(name => name !== false)
  const { crls, partners, mode } = after.policy
  const revoked = crls.reduce((sum, { count }) => sum + count, 0)
  const suspended = partners.filter(({ state }) => state === 'suspended').length
  const decides = [
    `trust ${mode}`,
    `${amount(partners.length, 'record')} of partners (${suspended} suspended)`,
    `${amount(crls.length, 'revocation list')} with ${amount(revoked, 'entry')}`,
  ]
  return `in use from now on: ${[...changed, ...decides].join(', ')}`
}

/** Those that decide. */
function digestOf(settings: CredentialSettings, { record, file, documents }: Credentials): Promise<string> {
  const own = ['receiver.crt', 'receiver.key', 'seal.crt', 'seal.key', 'ca.crt'].map(name => join(settings.certs, name))
  const fetched = fetchedListsFolder(settings.data)
  return digestFiles([...own, ...policyFiles(record, { certs: settings.certs, file, fetched }), ...documents.files])
}
