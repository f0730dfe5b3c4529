// What is said of a certificate and its path.
import type { X509Certificate } from 'node:crypto'
import { escapeUnseen, Fault, type FaultCode } from '@seg/core'
import type { MissingStatus } from './refusal.ts'

/**
 * Which certificate a refusal is about, as its owner finds it: `subject` in OpenSSL's form,
 * `sha256` with colons.
 */
export type CertificateName = { readonly subject: string; readonly sha256: string }

export type GoodPath = {
  readonly ok: true
  /**
   * The name of the authority that the path ends in; of several, the first in the order of the
   * snapshot.
   */
  readonly authority: string
  /** The names of all authorities that a good path ends in. */
  readonly authorities: readonly string[]
  /** From the leaf to the anchor. */
  readonly path: readonly X509Certificate[]
  /**
   * The last moment for which this holds: the earliest end of the certificates, the authority and
   * the revocation data.
   */
  readonly notAfter: Date
}

export type BadPath = {
  readonly ok: false
  /** Whether one of our authorities issued it: a chain of signatures leads to an anchor. */
  readonly standsBehind: boolean
  readonly code: FaultCode
  /** The check that failed, with its clause of the standard. */
  readonly check: string
  readonly certificate: CertificateName
  readonly expected: string
  readonly found: string
  /** One sentence: what to do, and the command for it. */
  readonly remedy: string
  /** Of `revocation-unknown`. */
  readonly missing?: MissingStatus
}

export type PathVerdict = GoodPath | BadPath

/** A bad verdict as the Fault that ends a request or a command. */
export function faultOfPath({ code, certificate, check, expected, found, remedy }: BadPath): Fault {
  const name = `the certificate "${certificate.subject}" (SHA-256 ${certificate.sha256})`
  return new Fault(code, `${name}: ${check}: expected ${expected}, found ${found}; ${remedy}`)
}

export function nameOf(certificate: X509Certificate): CertificateName {
  return { subject: shownName(certificate.subject), sha256: certificate.fingerprint256 }
}

/**
 * A name as Node shows it, on one line that any terminal and log can take. One without attributes,
 * or with some that OpenSSL cannot show, is undefined in Node, against its types.
 */
export function shownName(name: string | undefined): string {
  const line = name?.replaceAll('\n', ', ') ?? ''
  return escapeUnseen(line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line)
}

/** Characters of a foreign name in a log line. */
const LONGEST = 256
