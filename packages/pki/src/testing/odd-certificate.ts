// Certificates that no CA should issue, one thing wrong with each: made by our own builder, its
// parts replaced.
import { constants, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import {
  type AlgorithmIdentifier,
  authorityKeyIdentifier,
  basicConstraints,
  buildCertificate,
  buildTbsCertificate,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  subjectKeyIdentifier,
} from '../issuing/certificate-der.ts'
import { exportPublicKey, keyIdentifier } from '../issuing/key-pairs.ts'
import { profiles } from '../issuing/profiles.ts'

export type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
export type Signer = { readonly name: string; readonly keys: Keys }

type Signing = { readonly algorithm: AlgorithmIdentifier; readonly hash: string | null }

/** How certificates may be signed, and how they may not. */
export const signings = {
  ecdsaSha256: { algorithm: { oid: '1.2.840.10045.4.3.2', parameters: 'none' }, hash: 'sha256' },
  ecdsaSha1: { algorithm: { oid: '1.2.840.10045.4.1', parameters: 'none' }, hash: 'sha1' },
  rsaSha256: { algorithm: { oid: '1.2.840.113549.1.1.11', parameters: 'null' }, hash: 'sha256' },
  rsaSha1: { algorithm: { oid: '1.2.840.113549.1.1.5', parameters: 'null' }, hash: 'sha1' },
  rsaMd5: { algorithm: { oid: '1.2.840.113549.1.1.4', parameters: 'null' }, hash: 'md5' },
  ed25519: { algorithm: { oid: '1.3.101.112', parameters: 'none' }, hash: null },
} as const satisfies Record<string, Signing>

export const extensions = {
  ca: (pathLength = 0): Extension => ({ oid: '2.5.29.19', isCritical: true, value: basicConstraints(pathLength) }),
  noCa: { oid: '2.5.29.19', isCritical: true, value: basicConstraints(null) },
  usage: (...bits: number[]): Extension => ({ oid: '2.5.29.15', isCritical: true, value: keyUsage(bits) }),
  purpose: (...oids: string[]): Extension => ({ oid: '2.5.29.37', isCritical: false, value: extendedKeyUsage(oids) }),
  other: (oid: string, isCritical: boolean, value: Buffer = Buffer.of(5, 0)): Extension => ({ oid, isCritical, value }),
}

export function makeEcKeys(namedCurve = 'P-256'): Keys {
  return generateKeyPairSync('ec', { namedCurve })
}

type Parts = {
  readonly subject?: string
  readonly keys?: Keys
  readonly issuer: Signer
  readonly signing?: Signing
  readonly extensions: readonly Extension[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Named beside the signature, instead of the one inside. */
  readonly outer?: AlgorithmIdentifier
  /** Changes what is signed. */
  readonly change?: (tbs: Buffer) => Buffer
}

const DAY = 86_400_000

export function makeOdd(parts: Parts): X509Certificate {
  const {
    subject = 'A',
    keys = makeEcKeys(),
    issuer,
    signing = signings.ecdsaSha256,
    outer,
    change = tbs => tbs,
  } = parts
  const { notBefore = new Date(Date.now() - DAY), notAfter = new Date(Date.now() + DAY) } = parts
  const tbs = change(
    buildTbsCertificate({
      serial: Buffer.from('4100000000000001', 'hex'),
      algorithm: signing.algorithm,
      issuer: issuer.name,
      subject,
      notBefore,
      notAfter,
      publicKey: exportPublicKey(keys.publicKey),
      extensions: [
        ...parts.extensions,
        { oid: '2.5.29.14', isCritical: false, value: subjectKeyIdentifier(keyIdentifier(keys.publicKey)) },
        { oid: '2.5.29.35', isCritical: false, value: authorityKeyIdentifier(keyIdentifier(issuer.keys.publicKey)) },
      ],
    }),
  )
  const isPss = issuer.keys.privateKey.asymmetricKeyType === 'rsa-pss'
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
  const signature = sign(signing.hash, tbs, { key: issuer.keys.privateKey, ...padding })
  return new X509Certificate(buildCertificate(tbs, outer ?? signing.algorithm, signature))
}

export type CaParts = Partial<Parts> & { readonly name?: string }

/** A CA certificate, self-signed unless `issuer` says otherwise. */
export function makeCa({ name = 'CA', keys = makeEcKeys(), ...parts }: CaParts = {}): Signer & {
  readonly certificate: X509Certificate
} {
  const self = { name, keys }
  const usual = [extensions.ca(), extensions.usage(5, 6)]
  return { ...self, certificate: makeOdd({ issuer: self, extensions: usual, ...parts, subject: name, keys }) }
}

/** The usual extensions of a sender, a receiver or a seal. */
export function leafExtensions(profile: 'sender' | 'receiver' | 'seal' | 'console'): Extension[] {
  return [extensions.noCa, extensions.usage(0), extensions.purpose(profiles[profile].purpose)]
}
