// What the sender signs and connects with, which documents, and whom it sends to, as one snapshot
// that is replaced whole.
import { dirname, join, resolve } from 'node:path'
import { Fault, Problems, quote, readConfigurationFile, readSection } from '@seg/core'
import {
  checkCertificate,
  checkSigning,
  type Identity,
  loadIdentity,
  loadSigningIdentity,
  loadTrustFiles,
  proveKey,
  type ReceiverRecord,
  readReceivers,
  type SigningIdentity,
  type TrustFiles,
} from '@seg/pki'
import { type DocumentType, documentsSection } from '@seg/xmldsig'
import { loadReceiptTrust, type ReceiptTrust } from '../receipt/check-log-entry.ts'

/** A receiver that is registered, with the CAs that speak for it. */
export type RegisteredReceiver = ReceiverRecord & { readonly own: ReceiptTrust }

/** By ReceiverID. */
export type Receivers = ReadonlyMap<string, RegisteredReceiver>

export type SenderCredentials = {
  /** Of its connections. */
  readonly identity: Identity
  /** What signs its documents: the same, unless it has another certificate for that. */
  readonly signer: SigningIdentity
  /** Of `ca.crt`, `ca.crl` and `log.pub`. */
  readonly trust: ReceiptTrust
  readonly receivers: Receivers
  /** Types of documents that are signed and sent. */
  readonly types: readonly DocumentType[]
}

export type SenderFolder = {
  readonly certs: string
  /** The configuration file; undefined: seg.yaml at the root, if it is there. */
  readonly config?: string | undefined
}

/** Throws the Faults `configuration`, `crl-invalid`, `crl-kind` and `crl-older`. */
export async function loadSenderCredentials(
  folder: SenderFolder,
  previous?: SenderCredentials,
): Promise<SenderCredentials> {
  const { certs } = folder
  const [identity, signing, { trust, receivers }] = await Promise.all([
    loadIdentity(certs, 'sender'),
    loadSigningIdentity(certs),
    loadReceivers(folder, previous),
  ])
  if (signing !== undefined) await proveKey(signing)
  const { value: types } = readSection(folder.config, documentsSection)
  return { identity, signer: signing ?? identity, trust, receivers, types }
}

export type Registered = Pick<SenderCredentials, 'trust' | 'receivers'>

/** Throws as `loadSenderCredentials` does. */
export async function loadReceivers({ certs, config }: SenderFolder, previous?: Registered): Promise<Registered> {
  const trust = await loadReceiptTrust(certs, previous?.trust)
  return { trust, receivers: await loadRegistered(config, trust, previous) }
}

/** Those of a configuration file; `trust` is used for receivers without CAs of their own. */
export async function loadRegistered(
  config: string | undefined,
  trust: ReceiptTrust,
  previous?: Registered,
): Promise<Receivers> {
  const { path, records } = await readRegistered(config)
  const loaded = await Promise.all(records.map(one => loadOwnTrust(one, path, trust, previous)))
  return new Map(loaded.map(one => [one.id, one]))
}

async function readRegistered(config: string | undefined) {
  const file = await readConfigurationFile(config)
  const problems = new Problems()
  const records = readReceivers(file, problems)
  problems.throwIfAny(file.path, file.text)
  return { path: file.path, records }
}

async function loadOwnTrust(
  record: ReceiverRecord,
  file: string,
  all: ReceiptTrust,
  previous: Registered | undefined,
): Promise<RegisteredReceiver> {
  if (record.trust === undefined) return { ...record, own: all }
  const files = trustFilesOf(record.trust, file)
  const advice = `${file}:${record.line} names it, for the receiver ${quote(record.id)}`
  const before = previous?.receivers.get(record.id)
  const own = await loadTrustFiles(files, advice, before?.trust && before.own)
  return { ...record, own: { ...own, logs: all.logs } }
}

/** They stand relative to the file that names them. */
function trustFilesOf({ anchors, crls }: TrustFiles, file: string): TrustFiles {
  const at = (path: string) => resolve(dirname(file), path)
  return { anchors: at(anchors), crls: crls.map(at) }
}

/** What `receiver` is held to; undefined: whom the document is for is not known. */
export function trustFor(receiver: string | undefined, { trust, receivers }: Registered): ReceiptTrust {
  return (receiver === undefined ? undefined : receivers.get(receiver)?.own) ?? trust
}

/** The files that decide, whether they are there or not. */
export function senderFiles({ certs }: SenderFolder, file: string, { receivers }: Registered): string[] {
  const names = ['sender.crt', 'sender.key', 'signing.crt', 'signing.key', 'ca.crt', 'ca.crl', 'log.pub']
  const named = [...receivers.values()].flatMap(({ trust }) => {
    if (trust === undefined) return []
    const { anchors, crls } = trustFilesOf(trust, file)
    return [anchors, ...crls]
  })
  return [...names.map(name => join(certs, name)), file, ...named]
}

/** That `next` can take the place of `present`. Throws the Faults of a delivery. */
export function checkReplacement(next: SenderCredentials, present: SenderCredentials, now: Date): void {
  if (next.identity.id !== present.identity.id)
    throw new Fault(
      'configuration',
      `sender.crt is for ${quote(next.identity.id)}, ` +
        `and this sender is ${quote(present.identity.id)}: another id needs another data folder`,
    )
  if (next.identity.certificatePem !== present.identity.certificatePem)
    checkCertificate(next.identity.certificate, 'sender', next.trust, now)
  if (next.signer !== next.identity) checkSigning(next.signer.certificate, now)
}
