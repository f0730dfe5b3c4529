// The signature profile: canonicalize, sign, verify. Pure: no network, no disk, no clock of its own.
export { DOCUMENT_ID, type Envelope, GATEWAY_ID } from './envelope.ts'
export { KeyInfoReader } from './key-info-reader.ts'
export { defaultLimits, type Limits } from './limits.ts'
export type { OctetSink } from './octets.ts'
export { type Outline, OutlineReader } from './outline.ts'
export { type LogEntry, type ReceiptFacts, verifyReceipt } from './receipt.ts'
export { openReceiptSeal } from './receipt-seal.ts'
export { openPlacement, openSigner, type PlacedSignature, signDocument } from './sign.ts'
export type { Signer } from './signing-key.ts'
export { type Fill, isSigned, prepareDocument, TemplateFilling } from './template.ts'
export {
  openVerifier,
  type SignatureFacts,
  type VerifiedDocument,
  Verifier,
  type VerifyOptions,
  verifyDocument,
} from './verify.ts'
export { askXmlCrypto } from './xml-crypto.ts'
