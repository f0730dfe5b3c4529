// Keys, certificates and trust.
export { checkCertificate, gatewayId } from './check-certificate.ts'
export { type GeneratedFile, type GenerateOptions, generate } from './generate.ts'
export { type Identity, loadIdentity, loadTrust, type Trust } from './identity.ts'
export type { KeyKind } from './key-pairs.ts'
export { type LogIdentity, loadLogKey, loadVerifierKeys, logName } from './log-key.ts'
export type { GatewayProfile } from './profiles.ts'
