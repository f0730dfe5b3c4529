// The credentials in use as octets, for a connection process: it reads no file of its own, so that
// all processes decide by the same, and what is broken on the disk reaches none of them. What a
// process has already is not sent again. The key of the seal stays where receipts are made.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import {
  assemblePolicy,
  type CertificateStatus,
  type Identity,
  type PolicyParts,
  parseAuthorities,
  type SealIdentity,
  StatusBoard,
  type Trust,
  type TrustPolicy,
  takePolicyApart,
  withStatuses,
} from '@seg/pki'
import type { ReceiverLimits } from '../limits.ts'
import { copyDocumentPolicy, type DocumentPolicy } from '../schemas/document-policy.ts'
import type { Credentials } from './live-credentials.ts'

type Statuses = ReadonlyMap<string, CertificateStatus>

/** Undefined: what the process had before. */
type Snapshot = Pick<Credentials, 'responder' | 'record' | 'file'> & {
  readonly identity: Pick<Identity, 'id' | 'certificatePem' | 'keyPem'> | undefined
  readonly seal: Pick<Identity, 'id' | 'certificatePem'> | undefined
  readonly caPem: string | undefined
  readonly policy: PolicyParts | undefined
  readonly documents: Omit<DocumentPolicy, 'schemas'> | undefined
  /** Null: no authority has an OCSP responder. */
  readonly statuses: Statuses | null
}

/** `previous`: what the process has. */
export function packCredentials(next: Credentials, previous?: Credentials): Buffer {
  const { identity, seal, trust, policy, documents, responder, record, file } = next
  const { schemas: _schemas, ...sources } = documents
  return serialize({
    ...{ responder, record, file },
    identity: identity === previous?.identity ? undefined : pick(identity, 'id', 'certificatePem', 'keyPem'),
    seal: seal === previous?.seal ? undefined : pick(seal, 'id', 'certificatePem'),
    caPem: trust === previous?.trust ? undefined : trust.caPem,
    policy: isSamePolicy(policy, previous?.policy) ? undefined : takePolicyApart(policy, previous?.policy),
    documents: documents === previous?.documents ? undefined : sources,
    statuses: policy.board === undefined ? null : (policy.revocation.statuses ?? new Map()),
  } satisfies Snapshot)
}

type Opening = {
  readonly previous: Credentials | undefined
  readonly limits: ReceiverLimits
  /** Gets each certificate of which an OCSP responder is to be asked. */
  readonly seen: ConstructorParameters<typeof StatusBoard>[0]
}

export function unpackCredentials(octets: Uint8Array, { previous, limits, seen }: Opening): Credentials {
  const snapshot = deserialize(octets) as Snapshot
  const { identity, seal, caPem, documents, responder, record, file } = snapshot
  return {
    ...{ responder, record, file },
    identity: identity === undefined ? previous!.identity : openIdentity(identity),
    seal: seal === undefined ? previous!.seal : openSeal(seal),
    trust: caPem === undefined ? previous!.trust : openTrust(caPem),
    policy: openPolicy(snapshot, previous?.policy, seen),
    documents: documents === undefined ? previous!.documents : copyDocumentPolicy(documents, limits),
  }
}

function openPolicy(
  { policy, statuses }: Snapshot,
  previous: TrustPolicy | undefined,
  seen: Opening['seen'],
): TrustPolicy {
  const board = statuses === null ? undefined : (previous?.board ?? new StatusBoard(seen))
  if (statuses !== null) board?.replace(statuses)
  if (policy !== undefined) return assemblePolicy(policy, board, previous)
  if (statuses === null) return previous!
  return { ...previous!, revocation: withStatuses(previous!.revocation, statuses) }
}

function openIdentity({ id, certificatePem, keyPem }: NonNullable<Snapshot['identity']>): Identity {
  const certificate = new X509Certificate(certificatePem)
  return { id, certificate, certificatePem, keyPem, key: createPrivateKey(keyPem) }
}

/** With the public half of its key alone: nothing is sealed here. */
function openSeal({ id, certificatePem }: NonNullable<Snapshot['seal']>): SealIdentity {
  const certificate = new X509Certificate(certificatePem)
  return { id, certificate, certificatePem, keyPem: '', key: certificate.publicKey }
}

function openTrust(caPem: string): Trust {
  return parseAuthorities('ca.crt', caPem)
}

/** Apart from the answers of OCSP responders. */
function isSamePolicy(a: TrustPolicy, b: TrustPolicy | undefined): boolean {
  const names = ['mode', 'anchors', 'crls', 'partners', 'board'] as const
  return b !== undefined && names.every(name => a[name] === b[name])
}

function pick<Value extends object, Name extends keyof Value>(value: Value, ...names: Name[]): Pick<Value, Name> {
  return Object.fromEntries(names.map(name => [name, value[name]])) as Pick<Value, Name>
}
