// The signature profile: canonicalize, sign, verify. Pure: no network, no disk, no clock of its
// own.

export type { OctetSink } from './c14n/octets.ts'
export { defaultLimits, type Limits } from './limits.ts'
export { type LogEntry, type ReceiptFacts, verifyReceipt } from './receipt/receipt.ts'
export { openReceiptSeal } from './receipt/receipt-seal.ts'
export { KeyInfoReader } from './signature/key-info-reader.ts'
export { ownAlgorithms, type ReferenceAlgorithms } from './signature/signed-info.ts'
export type { BlockingKey, KeyElsewhere, Signer, SigningMethod } from './signature/signing-key.ts'
export { type Outline, OutlineReader } from './signing/outline.ts'
export { openPlacement, openSigner, type PlacedSignature } from './signing/sign.ts'
export { type Fill, TemplateFilling } from './signing/template.ts'
export {
  type Announcement,
  LARGEST_ANNOUNCEMENT,
  readAnnouncement,
  writeAnnouncement,
} from './verifying/announcement.ts'
export { criticalDocument, type DocumentType, defaultTypes, type IndexedValue } from './verifying/document-type.ts'
export { documentsSection } from './verifying/document-types.ts'
export { DOCUMENT_ID, type Envelope } from './verifying/envelope.ts'
export type { SignatureFacts, SignerChoice } from './verifying/signature-checks.ts'
export {
  openVerifier,
  type VerifiedDocument,
  Verifier,
  type VerifyOptions,
  verifyDocument,
} from './verifying/verify.ts'
