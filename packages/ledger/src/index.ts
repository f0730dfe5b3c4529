// What must outlive the process: accepted documents, their receipts, the transparency log, and the
// sender's outbox.
export { backupParts } from './backup/backup-parts.ts'
export { findBackup, wholeBackups } from './backup/backup-place.ts'
export { type BackupRecord, readBackupRecord } from './backup/backup-record.ts'
export { type BackupOptions, type MadeBackup, makeBackup } from './backup/make-backup.ts'
export { checkEmpty, restoreBackup } from './backup/restore-backup.ts'
export { type CertificateChain, fingerprintOf, formatFingerprints, makeCertificateChain } from './certificate-chain.ts'
export { checkDataFolder, claimDataFolder } from './claim-data-folder.ts'
export { isFolderLocked } from './files/folder-lock.ts'
export { releaseOctets } from './files/release-octets.ts'
export { StagedDocument, stagingFolder } from './files/staged-document.ts'
export { removeMarked } from './files/unclaimed.ts'
export { checkWritable, placeOfFolder } from './files/writable-folder.ts'
export {
  type AcceptedDocument,
  type AcceptOptions,
  type DeadLetter,
  type DeadLetterPlace,
  HELD_IN_MEMORY,
  type Ledger,
  type LedgerReader,
  type LedgerTask,
  type LogReader,
  type MetDocument,
  type NewestOfSender,
  type OfferedDocument,
  type RecordedEvent,
  type SealableAcceptance,
  type Sealer,
  type Staging,
  type TaskLease,
} from './ledger.ts'
export {
  isSignedWith,
  type LogKey,
  type LogVerifier,
  openCheckpoint,
  openCheckpointSigner,
  parseVerifierKey,
  sizeOfCheckpoint,
} from './log/checkpoint.ts'
export type { AcceptedEvent, LogEvent } from './log/events.ts'
export { type Opening, readEntry, writeEntry } from './log/leaf.ts'
export { checkBound, ROTATION } from './log/log-keys.ts'
export { hashLeaf, type TreeHead, verifyConsistency, verifyInclusion } from './log/merkle.ts'
export { type FetchTile, openServedTree, type ServedTree } from './log/served-tree.ts'
export { readNotes, type Sighting, type SignedCheckpoint, sight } from './log/sightings.ts'
export { formatTilePath, parseTilePath, type TileName } from './log/tiles.ts'
export type { Migrations } from './migrations/migrations.ts'
export { openLogMirror } from './mirror/log-mirror.ts'
export type { KnownCheckpoint, LogDoubt, LogMemory, RememberedCheckpoint, SeenCheckpoint } from './outbox/log-memory.ts'
export { type OutboxAddress, openNamedOutbox, openOutbox, openOutboxReader } from './outbox/open-outbox.ts'
export {
  type Attempt,
  type AttemptNotes,
  type AttemptOutcome,
  type FollowedEntry,
  type LeasedEntry,
  LeaseLost,
  type Outbox,
  type OutboxDocument,
  type OutboxEntry,
  type OutboxReason,
  type OutboxState,
  type OwnSignature,
  type SharedDocuments,
} from './outbox/outbox.ts'
export type { OutboxReader } from './outbox/outbox-reader.ts'
export type { SharedNote, SharedNotes } from './postgres/shared-notes.ts'
export type { KnownAcceptance, Recovered } from './recovery/recovered-log.ts'
export { openDatabase, openDatabaseReader } from './sqlite/database.ts'
export { onDatabase } from './sqlite/database-fault.ts'
export { checkFolders } from './sqlite/sqlite-ledger.ts'
export { transact } from './sqlite/transact.ts'
export {
  describeLedgerPlace,
  hasLedger,
  type LedgerAddress,
  type LedgerOptions,
  lookAtLedger,
  moveLedger,
  moveLedgerBack,
  openEvidence,
  openLedger,
  openLedgerReader,
  openNamedLedger,
  openSharedNotes,
  type Recovering,
  readLogKeys,
  recoverLedger,
} from './stores.ts'
export type { ReadOctets } from './verification/evidence.ts'
export type { CheckOrigin, CheckReceipt } from './verification/verify-document.ts'
export { type LedgerProgress, type VerifiedLedger, verifyLedger } from './verification/verify-ledger.ts'
export { WorkUnderWay } from './writer/work-under-way.ts'
