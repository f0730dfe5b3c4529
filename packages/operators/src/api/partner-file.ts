// Partners and authorities as the configuration has them, for the routes: the gateway's own code
// reads and changes the file.
import type { RecordValue } from '@seg/core'
import type { JudgedCertificate, TrustRecord } from '@seg/pki'

/** The two keys of seg.yaml as they are written. */
export type TrustText = { readonly trust: unknown; readonly partners: readonly RecordValue[] }

/** One change. Undefined instead of a thing: it is removed. */
export type TrustEdit =
  | { readonly kind: 'state'; readonly id: string; readonly state: 'active' | 'suspended' }
  | { readonly kind: 'partner'; readonly id: string; readonly record: RecordValue | undefined; readonly isNew: boolean }
  | { readonly kind: 'authority'; readonly name: string; readonly authority: NewAuthority | undefined }
  | ({ readonly kind: 'all' } & TrustText)

/** Certificates in PEM, which become files beside the keys; the rest as seg.yaml has it. */
export type NewAuthority = {
  readonly anchorsPem: string
  readonly intermediatesPem?: string
  readonly more: RecordValue
}

export type ChangedTrustText = { readonly before: TrustText; readonly after: TrustText }

/** A certificate that a partner announced as its next. Times are RFC 3339. */
export type AnnouncedCertificate = {
  readonly partner: string
  readonly document: string
  /** SHA-256 in hexadecimal. */
  readonly fingerprint: string
  readonly subject: string
  readonly uses: readonly string[]
  readonly from: string
  readonly until: string
  readonly at: string
  readonly state: 'waiting' | 'taken' | 'refused'
  readonly reason: string | null
}

export type PartnerFile = {
  /** Throws the Fault `configuration`. */
  read(): Promise<TrustRecord>
  /** Throws the Fault `configuration`. */
  text(): Promise<TrustText>
  /**
   * Tried out, and written unless `isDryRun`; a running gateway follows it. `check` sees what is
   * there while nobody else changes it. Throws what `check` does, and the Faults `configuration`,
   * `file-unreadable`, `not-found` and `act-impossible`, with nothing changed.
   */
  change(
    edit: TrustEdit,
    options: { readonly isDryRun: boolean; readonly check: (before: TrustText) => void },
  ): Promise<ChangedTrustText>
  /** The latest first. Throws the Fault `storage-unavailable`. */
  announced(): Promise<readonly AnnouncedCertificate[]>
  /**
   * An accepted one goes into the record of its partner. Throws the Faults `not-found` where none
   * with this fingerprint waits, and `act-impossible` where those of several partners do, and why
   * an accepted one cannot count.
   */
  decideAnnounced(
    which: { readonly fingerprint: string; readonly partner?: string | undefined },
    decision: 'accepted' | 'refused',
    now: Date,
  ): Promise<AnnouncedCertificate>
  /** Throws the Faults `certificate-invalid` and `configuration`. */
  judge(octets: Buffer, now: Date): Promise<JudgedCertificate>
}
