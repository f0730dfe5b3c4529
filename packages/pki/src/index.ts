// Keys, certificates and trust.

export { checkCertificate, checkCertificateAt, findIssuer } from './certificate/check-certificate.ts'
export { DAY, expiryStage, FAR, latestOfEach, NOT_YET, OVER } from './certificate/expiry.ts'
export { gatewayId } from './certificate/gateway-id.ts'
export { readBundle } from './certificate/read-bundle.ts'
export { caWarnings, expiryWarnings } from './certificate-warnings.ts'
export { checkIdentity, type Identity, loadIdentity, loadSeal, type SealIdentity } from './identity.ts'
export { addVerifierKey, dropNextLogKey, findNextLogKey, nextLogKey, takeNextLogKey } from './issuing/add-log-key.ts'
export { type GeneratedFile, type GenerateOptions, generate } from './issuing/generate.ts'
export { importPkcs12, judgePkcs12 } from './issuing/import-next.ts'
export { installIdentity } from './issuing/install-identity.ts'
export type { KeyKind } from './issuing/key-pairs.ts'
export { type GatewayProfile, type RenewedUse, renewedUses } from './issuing/profiles.ts'
export {
  findRenewalRequest,
  installRenewal,
  judgeRenewal,
  makeRenewalRequest,
  withdrawRenewalRequest,
} from './issuing/renewal-request.ts'
export { type LogIdentity, loadLogKey, loadVerifierKeys, logName } from './log-key.ts'
export { type JudgedCertificate, judgeCertificate } from './partners/judge-certificate.ts'
export { checkKeptChain } from './partners/kept-chain.ts'
export { fetchedListsFolder, type ListFile, listFilesOf } from './partners/list-files.ts'
export { type ComparedNames, meetsRule } from './partners/match-partner.ts'
export type { CertificateRule, CertificateUse, Partner, PartnerLimits, TrustRecord } from './partners/partner.ts'
export { assemblePolicy, type PolicyParts, takePolicyApart } from './partners/policy-parts.ts'
export { DEFAULT_TRUST, partnerDigest, trustSection } from './partners/read-partners.ts'
export { type ReceiverRecord, readReceivers, receiversSection } from './partners/receivers.ts'
export { type Recognition, type RecognizedPartner, recognize } from './partners/recognize.ts'
export { recognizeSigner } from './partners/recognize-signer.ts'
export { label, oneOf, sha256 as certificateDigest, subject as subjectRule } from './partners/record-values.ts'
export { staplingSection } from './partners/stapling-section.ts'
export {
  loadTrustPolicy,
  makeOwnPolicy,
  policyFiles,
  readPinnedCertificate,
  type TrustPolicy,
  withPartner,
} from './partners/trust-policy.ts'
export { stopPrompting } from './passphrases/prompt.ts'
export { type Authority, makeTrustAnchors, type RevocationPolicy, type TrustAnchors } from './path/authority.ts'
export { type PresentedChain, readPresentedChain } from './path/presented-chain.ts'
export type { PathPurpose } from './path/purposes.ts'
export type { MissingStatus } from './path/refusal.ts'
export {
  type CertificateStatus,
  type RevocationList,
  type RevocationLists,
  type Revoked,
  withStatuses,
} from './path/revocation-lists.ts'
export { type Decisions, openDecisions, type PathRequest, validatePath } from './path/validate-path.ts'
export { type BadPath, type CertificateName, faultOfPath, type GoodPath, type PathVerdict } from './path/verdict.ts'
export {
  checkForPeers,
  checkOperator,
  checkSealAt,
  checkServer,
  checkSignerAt,
  checkStapledServer,
  loadPeerTrust,
  loadTrustFiles,
  type PeerTrust,
  type TrustFiles,
} from './peer-trust.ts'
export { parseCertificate, readCertificates, readCertsFile } from './pem-file.ts'
export { proveKey } from './pkcs11/sign-by-token.ts'
export { TokenKey, tokenKeyOf } from './pkcs11/token-key.ts'
export { lackOf, renewalCommand } from './renewal-command.ts'
export { buildOcspRequest, type OcspQuestion, readOcspResponse } from './revocation/ocsp.ts'
export { type Crl, checkCrlFollows, makeRevocationLists, readCrl, readCrls } from './revocation/read-crl.ts'
export { parseSerial, revocationReasons, revoke as revokeCertificate } from './revocation/revoke.ts'
export { StatusBoard, type WantedStatus } from './revocation/status-board.ts'
export { checkSigning, loadSigningIdentity, type SigningIdentity } from './signing-identity.ts'
export { loadTrust, parseAuthorities, type Trust } from './trust.ts'
