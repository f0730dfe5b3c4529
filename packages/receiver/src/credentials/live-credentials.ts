// What the receiver decides and signs with, as one snapshot that is replaced whole: its
// certificates, whom it relies on, and which documents it takes.
import type { Identity, SealIdentity, Trust, TrustPolicy, TrustRecord } from '@seg/pki'
import type { DocumentPolicy } from '../schemas/document-policy.ts'

export type Credentials = {
  /** The TLS server's certificate; its id is ours. */
  readonly identity: Identity
  /** What signs our receipts. */
  readonly seal: SealIdentity
  /** The CA of our own certificates. */
  readonly trust: Trust
  /** Whom we take documents from. */
  readonly policy: TrustPolicy
  /** The OCSP responder that is asked about our own certificate; undefined: none. */
  readonly responder: string | undefined
  /** Types of documents that are accepted, and their schemas. */
  readonly documents: DocumentPolicy
  /** What the policy was made of. */
  readonly record: TrustRecord
  /** What holds the record. */
  readonly file: string
}

export type LiveCredentials = {
  readonly current: Credentials
  /** Calls `listener` after each replacement, until the function that it returns is called. */
  onReplaced(listener: (credentials: Credentials) => void): () => void
  replace(credentials: Credentials): void
}

export function openCredentials(first: Credentials): LiveCredentials {
  let current = first
  const listeners = new Set<(credentials: Credentials) => void>()
  return {
    get current() {
      return current
    },
    onReplaced(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    replace(credentials) {
      current = credentials
      for (const listener of listeners) listener(credentials)
    },
  }
}
