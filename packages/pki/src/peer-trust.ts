// Whether the receiver of our documents, its seal or the signer of a document may be relied on: by
// a path to a CA in `ca.crt`, and by the lists in `ca.crl` where there is one.
import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import type { GatewayProfile } from './issuing/profiles.ts'
import { loadOwnPolicy, type TrustPolicy } from './partners/trust-policy.ts'
import type { PresentedChain } from './path/presented-chain.ts'
import type { PathPurpose } from './path/purposes.ts'
import { noRevocationLists } from './path/revocation-lists.ts'
import { openDecisions, type PathRequest } from './path/validate-path.ts'
import { faultOfPath, type GoodPath } from './path/verdict.ts'
import { checkStapledStatus } from './revocation/stapled-status.ts'
import { loadTrust, loadTrustFile, type Trust } from './trust.ts'

/** Each CA in `ca.crt` is an anchor; on a path to one, what a peer presents counts as well. */
export type PeerTrust = Trust & Pick<TrustPolicy, 'anchors' | 'revocation' | 'crls'>

/**
 * Reads `ca.crt`, and `ca.crl` where it is there. Throws the Faults `configuration`, `crl-invalid`
 * and `crl-kind`: a list that cannot be read is not passed over; and `crl-older` for one that is
 * older than that of `previous`.
 */
export async function loadPeerTrust(certs: string, previous?: PeerTrust): Promise<PeerTrust> {
  const list = join(certs, 'ca.crl')
  return withLists(await loadTrust(certs), existsSync(list) ? [list] : [], previous)
}

/** Files of CAs and of their revocation lists, instead of `ca.crt` and `ca.crl`. */
export type TrustFiles = { readonly anchors: string; readonly crls: readonly string[] }

/** As `loadPeerTrust`. */
export async function loadTrustFiles(
  { anchors, crls }: TrustFiles,
  advice: string,
  previous?: PeerTrust,
): Promise<PeerTrust> {
  return withLists(await loadTrustFile(anchors, advice), crls, previous)
}

async function withLists(trust: Trust, lists: readonly string[], previous: PeerTrust | undefined): Promise<PeerTrust> {
  const { anchors, revocation, crls } = await loadOwnPolicy(trust, lists, previous)
  return { ...trust, anchors, revocation, crls }
}

const decisions = openDecisions()

/** The server of a connection, now. Throws the Faults of `check`. */
export function checkServer({ leaf, presented }: PresentedChain, trust: PeerTrust, at: Date): GoodPath {
  return check({ leaf, presented, purpose: 'server', at, anchors: trust.anchors, revocation: trust.revocation })
}

/**
 * The same, with the answer of its CA that it must bring. Throws the Faults of `check`, and
 * `revocation-unknown` without such an answer.
 */
export function checkStapledServer(
  chain: PresentedChain,
  staple: Buffer | undefined,
  trust: PeerTrust,
  at: Date,
): void {
  const [leaf, issuer] = checkServer(chain, trust, at).path
  // An anchor is a CA, and no server is one.
  if (leaf === undefined || issuer === undefined) throw new TypeError('a path without an issuer')
  checkStapledStatus(staple, { leaf, issuer }, at)
}

/** Of a seal there is itself alone: the CAs of its path stand in `ca.crt`. */
const NONE: readonly X509Certificate[] = []

/**
 * The seal of a receipt, at the time when it was sealed (docs/decisions/0009): a receipt outlives
 * the certificate. A seal that was revoked later stays valid for what it sealed before, unless its
 * key was compromised. Throws the Faults of `check`.
 */
export function checkSealAt(leaf: X509Certificate, trust: PeerTrust, at: Date): void {
  const { anchors, revocation } = trust
  check({ leaf, presented: NONE, purpose: 'seal', at, isPast: true, anchors, revocation })
}

/**
 * The signer of a document that was accepted then: whether it was revoked was the receiver's to
 * judge. Throws the Faults of `check`.
 */
export function checkSignerAt(leaf: X509Certificate, { anchors }: PeerTrust, at: Date): void {
  const revocation = noRevocationLists
  check({ leaf, presented: NONE, purpose: 'sign', at, isPast: true, anchors, revocation })
}

/** A person who logs in at the operators' listener, now. Throws the Faults of `check`. */
export function checkOperator({ leaf, presented }: PresentedChain, trust: PeerTrust, at: Date): GoodPath {
  return check({ leaf, presented, purpose: 'operator', at, anchors: trust.anchors, revocation: trust.revocation })
}

const purposes = { sender: 'client', receiver: 'server', seal: 'seal' } as const satisfies Record<
  GatewayProfile,
  PathPurpose
>

/**
 * Our own certificate, as peers with the same `ca.crt` and `ca.crl` judge it now. Throws the Faults
 * of `check`.
 */
export function checkForPeers(leaf: X509Certificate, profile: GatewayProfile, trust: PeerTrust, at: Date): void {
  const { anchors, revocation } = trust
  check({ leaf, presented: NONE, purpose: purposes[profile], at, anchors, revocation })
}

const ADVICE = 'if it is to be trusted, put its CA into ca.crt, with the CAs between the two'

/**
 * Throws the Faults `certificate-revoked`, `certificate-purpose` and, for dates, issuer and form,
 * `certificate-invalid`: the code that also what TLS refuses has.
 */
function check(request: PathRequest): GoodPath {
  const verdict = decisions.validate(request)
  if (verdict.ok) return verdict
  const isUntrusted = verdict.code === 'certificate-untrusted'
  const fault = faultOfPath(isUntrusted ? { ...verdict, remedy: ADVICE } : verdict)
  const isOwnCode = fault.code === 'certificate-revoked' || fault.code === 'certificate-purpose'
  throw isOwnCode ? fault : new Fault('certificate-invalid', fault.detail, { cause: fault })
}
