// One record of the audit trail, and its digest: what an entry of the log commits to
// (docs/audit.md).
import { createHash } from 'node:crypto'
import type { FaultCode } from '@seg/core'

export type AuditCategory =
  | 'authentication'
  | 'authorization'
  | 'key'
  | 'partner'
  | 'document'
  | 'delivery'
  | 'configuration'
  | 'system'
/** `pending`: what somebody is about to do; another record says how it ended. */
export type AuditOutcome = 'pending' | 'success' | 'failure'

/** How an actor proved who they are; `unproven`: not at all, an attempt. */
type Proof = 'shell' | 'service' | 'configuration-file' | 'api-key' | 'link' | 'certificate' | 'openid' | 'unproven'
/** Who, and by which key, link, certificate and session. */
export type Actor = {
  readonly id: string
  readonly method: Proof
  readonly role?: string
  readonly credential?: string
  readonly session?: string
}
/** Who approved an act that waited, and under which id. */
export type Approved = { readonly id: string; readonly by: Actor }
/** A secret stands here as its digest, or not at all. */
export type Change = { readonly path: string; readonly before: unknown; readonly after: unknown }

/** What the caller says of an act. */
export type Act = {
  readonly action: string
  readonly category: AuditCategory
  readonly actor: Actor
  /** Where the actor was: host, process, and the address of a remote shell. */
  readonly from: Readonly<Record<string, string | number>>
  readonly on: { readonly kind: string; readonly id: string }
  readonly change?: readonly Change[]
  readonly why?: string
  readonly reason?: { readonly code: FaultCode; readonly detail: string }
  readonly approval?: Approved
  /** Id of the record of the intent. */
  readonly intent?: string
}

export type AuditRecord = Act & {
  readonly v: 1
  readonly id: string
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string
  readonly outcome: AuditOutcome
  readonly version: string
  /** 32 random octets in base64: nobody finds a record by trying. */
  readonly nonce: string
  /** Digest of the record before; null in the first. */
  readonly prev: string | null
}

/** Compact JSON in UTF-8 with the keys of each object in the order of their code units. */
export function writeCanonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/** SHA-256 of the record as it is written, in base64. */
export function digestRecord(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
