// What a partner takes while its documents come in and its reads go out: places, rate, room on the
// disk. Counted in one place for the whole receiver; whoever asks may be in another process.
import { HELD_IN_MEMORY } from '@seg/ledger'
import type { PartnerLimits } from '@seg/pki'
import { DOCUMENT_OVERHEAD, type StorageRoom } from '../acceptance/storage-room.ts'
import type { ReceiverLimits } from '../limits.ts'
import { Places, Rates } from './partner-shares.ts'

/** What was taken, and is given back. */
export type ShareCounts = {
  readonly documents?: number
  readonly large?: number
  readonly reads?: number
  /** Of the room on the disk. */
  readonly bytes?: number
}

/** Undefined: it is taken. A promise: it is when that resolves. */
export type Taking = Promise<void> | undefined

/**
 * Each `take` throws the Faults `overloaded` when all have too much, `rate-limit` when the partner
 * has or is too fast, and `storage-unavailable` without room. `own`: what the record of the partner
 * says.
 */
export type UploadShares = {
  /** A document, with room for what it costs beside its own bytes; so many bytes are announced. */
  takeDocument(partner: string, own: PartnerLimits, announced: number): Taking
  /** A test document, which counts as one, and is rarer. */
  takeProbe(partner: string, own: PartnerLimits, announced: number): Taking
  takeRead(partner: string, own: PartnerLimits): Taking
  /** A document turned out to be large. */
  takeLarge(partner: string): Taking
  takeRoom(partner: string, bytes: number): Taking
  /** Takes nothing. */
  checkRoom(partner: string, bytes: number): Taking
  giveBack(partner: string, taken: ShareCounts): void
  /** Whether nothing of what this partner takes is near a bound, or counted by time. */
  isAmple(partner: string): boolean
  /** How many documents are being received, and how many of them are large. */
  active(): { readonly all: number; readonly large: number }
}

/**
 * Reads are counted apart from documents: a delivery ends with reads that prove its log, and would
 * begin again, document and all, when the document took what they need.
 */
const READS_PER_DOCUMENT = 10
const PROBES_PER_SECOND = 5
/** Room that is ample for one partner. */
const AMPLE_ROOM = 256 * 1024 * 1024

/** For one receiver. */
export function openUploadShares(
  { uploads, uploadsOfOne, reads, readsOfOne, largeUploads, largeUploadsOfOne, documentsPerSecond }: ReceiverLimits,
  room: StorageRoom,
  now: () => Date,
): UploadShares {
  const places = {
    documents: new Places(uploads, uploadsOfOne, 'documents are being received'),
    reads: new Places(reads, readsOfOne, 'receipts and files of the log are being sent'),
    large: new Places(
      largeUploads,
      largeUploadsOfOne,
      `documents of more than ${HELD_IN_MEMORY} bytes are being received`,
    ),
  }
  const rates = new Rates(documentsPerSecond, 'documents')
  const readRates = new Rates(documentsPerSecond * READS_PER_DOCUMENT, 'requests for receipts and the log')
  const probes = new Rates(PROBES_PER_SECOND, 'test documents')
  const takeDocument: UploadShares['takeDocument'] = (partner, own) => {
    rates.take(partner, now().getTime(), own.rate)
    room.check(partner, DOCUMENT_OVERHEAD)
    places.documents.take(partner, own.concurrency)
    room.take(partner, DOCUMENT_OVERHEAD)
    return undefined
  }
  return {
    takeDocument,
    takeProbe(partner, own, announced) {
      probes.take(partner, now().getTime())
      return takeDocument(partner, own, announced)
    },
    takeRead(partner, own) {
      readRates.take(partner, now().getTime(), own.rate && own.rate * READS_PER_DOCUMENT)
      places.reads.take(partner)
      return undefined
    },
    takeLarge(partner) {
      places.large.take(partner)
      return undefined
    },
    takeRoom(partner, bytes) {
      room.take(partner, bytes)
      return undefined
    },
    checkRoom(partner, bytes) {
      room.check(partner, bytes)
      return undefined
    },
    giveBack(partner, { bytes = 0, ...counts }) {
      for (const what of ['documents', 'large', 'reads'] as const)
        for (let count = counts[what] ?? 0; count > 0; count--) places[what].giveBack(partner)
      if (bytes > 0) room.giveBack(partner, bytes)
    },
    isAmple: partner =>
      documentsPerSecond === Number.POSITIVE_INFINITY &&
      places.documents.isAmple(partner) &&
      room.hasRoom(partner, AMPLE_ROOM),
    active: () => ({ all: places.documents.taken, large: places.large.taken }),
  }
}
