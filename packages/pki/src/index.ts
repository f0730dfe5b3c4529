// Keys, certificates and trust.

export { addVerifierKey, nextLogKey, takeNextLogKey } from './add-log-key.ts'
export { checkCertificate, checkCertificateAt, issuerOf } from './check-certificate.ts'
export { gatewayId } from './gateway-id.ts'
export { type GeneratedFile, type GenerateOptions, generate } from './generate.ts'
export { checkIdentity, type Identity, loadIdentity } from './identity.ts'
export type { KeyKind } from './key-pairs.ts'
export { type LogIdentity, loadLogKey, loadVerifierKeys, logName } from './log-key.ts'
export type { GatewayProfile } from './profiles.ts'
export { loadTrust, type Trust, trustKept } from './trust.ts'
