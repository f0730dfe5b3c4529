// Reads what the receiver decides and signs with, and tries it out: for the start, and before it
// replaces what is in use.
import { Fault, quote, readSection } from '@seg/core'
import {
  checkIdentity,
  fetchedListsFolder,
  gatewayId,
  type Identity,
  loadIdentity,
  loadSeal,
  loadTrust,
  loadTrustPolicy,
  proveKey,
  type SealIdentity,
  staplingSection,
  TokenKey,
} from '@seg/pki'
import { defaultReceiverLimits } from '../limits.ts'
import { openDocumentPolicy } from '../schemas/document-policy.ts'
import type { Credentials } from './live-credentials.ts'
import { readTrust } from './read-trust.ts'

export type CredentialSettings = {
  readonly certs: string
  /** The data folder, with the lists that were fetched. */
  readonly data: string
  /** The configuration file; undefined: seg.yaml at the root, if it is there. */
  readonly config?: string | undefined
}

/**
 * Throws the Faults `configuration`, `certificate-invalid` and `certificate-purpose`, naming the
 * file.
 */
export async function loadCredentials(
  { certs, data, config }: CredentialSettings,
  now: Date,
  previous?: Credentials,
): Promise<Credentials> {
  const [identity, seal, trust, { record, path }] = await Promise.all([
    loadIdentity(certs, 'receiver'),
    loadSeal(certs),
    loadTrust(certs),
    readTrust(config),
  ])
  checkIdentity(identity, 'receiver', certs, trust, now)
  checkIdentity(seal, 'seal', certs, trust, now)
  await proveSeal(seal)
  checkSealName(identity, seal)
  const policy = await loadTrustPolicy(record, trust, {
    ...{ certs, file: path, fetched: fetchedListsFolder(data) },
    previous: previous?.policy,
  })
  const documents = await openDocumentPolicy(config, defaultReceiverLimits, previous?.documents)
  const { value: responder } = readSection(config, staplingSection)
  return { identity, seal, trust, policy, responder, documents, record, file: path }
}

/** The ledger's writer opens a session of its own, so none is kept here. */
export async function proveSeal(seal: SealIdentity): Promise<void> {
  try {
    await proveKey(seal)
  } finally {
    if (seal.key instanceof TokenKey) seal.key.end()
  }
}

/** Throws the Fault `configuration` when receipts would name another gateway than connections. */
export function checkSealName(identity: Identity, seal: SealIdentity): void {
  if (gatewayId(seal.certificate) === identity.id) return
  throw new Fault(
    'configuration',
    `receiver.crt is for ${quote(identity.id)}, seal.crt for ${quote(seal.id)}; make both with pki gen`,
  )
}
