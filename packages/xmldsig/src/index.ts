// The signature profile: canonicalize, sign, verify. Pure: no network, no disk, no clock of its own.
export { DOCUMENT_ID, GATEWAY_ID } from './envelope.ts'
export { defaultLimits, type Limits } from './limits.ts'
export { buildReceipt, type ReceiptFacts, verifyReceipt } from './receipt.ts'
export { openSigner, signDocument } from './sign.ts'
export { type Fill, isSigned, prepareDocument } from './template.ts'
export { openVerifier, type SignatureFacts, type VerifiedDocument, Verifier, type VerifyOptions, verifyDocument } from './verify.ts'
export { askXmlCrypto, type Signer } from './xml-crypto.ts'
