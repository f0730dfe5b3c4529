// Certificates for paths, good and bad in each part: every field can be another than it should be.
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { readWhole } from '../certificate/der.ts'
import {
  bitString,
  booleanTrue,
  der,
  extension,
  objectIdentifier,
  octetString,
  sequence,
  smallNumber,
  time,
  unsigned,
} from '../certificate/der-writer.ts'

export type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

export const makeKeys = {
  p256: (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  p521: (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  k256: (): Keys => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  ed25519: (): Keys => generateKeyPairSync('ed25519'),
  ed448: (): Keys => generateKeyPairSync('ed448'),
  /**
   * Signs with RSASSA-PSS and SHA-256 whose mask is of SHA-1; the public key says nothing of it.
   */
  rsaWithSha1Mask: (): Keys => {
    const hashes = { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha1' }
    const { publicKey, privateKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...hashes })
    const info = readWhole(publicKey.export({ format: 'der', type: 'spki' }), 'a key')
    info.enter('an algorithm')
    const plain = sequence(sequence(objectIdentifier('1.2.840.113549.1.1.1'), NULL), info.readAny('a key').raw)
    return { publicKey: createPublicKey({ key: plain, format: 'der', type: 'spki' }), privateKey }
  },
  rsa: (modulusLength = 2048): Keys => generateKeyPairSync('rsa', { modulusLength }),
}

const NULL = der(0x05)
const hashOids = { sha256: '2.16.840.1.101.3.4.2.1', sha1: '1.3.14.3.2.26' } as const

function pssParameters(hash: 'sha256' | 'sha1', mask: 'sha256' | 'sha1', salt: number): Buffer {
  const identifier = (name: 'sha256' | 'sha1') => sequence(objectIdentifier(hashOids[name]), NULL)
  return sequence(
    der(0xa0, identifier(hash)),
    der(0xa1, sequence(objectIdentifier('1.2.840.113549.1.1.8'), identifier(mask))),
    der(0xa2, smallNumber(salt)),
  )
}

const pss = (hash: 'sha256' | 'sha1', mask = hash) => ({
  identifier: sequence(objectIdentifier('1.2.840.113549.1.1.10'), pssParameters(hash, mask, 32)),
  hash,
  padding: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
})
const plain = (oid: string, hash: string | null, ...parameters: Buffer[]) => ({
  identifier: sequence(objectIdentifier(oid), ...parameters),
  hash,
  padding: {},
})

export const algorithms = {
  rsaSha256: plain('1.2.840.113549.1.1.11', 'sha256', NULL),
  rsaSha512: plain('1.2.840.113549.1.1.13', 'sha512', NULL),
  rsaSha1: plain('1.2.840.113549.1.1.5', 'sha1', NULL),
  rsaMd5: plain('1.2.840.113549.1.1.4', 'md5', NULL),
  pssSha256: pss('sha256'),
  pssSha1: pss('sha1'),
  pssMaskSha1: pss('sha256', 'sha1'),
  ecdsaSha256: plain('1.2.840.10045.4.3.2', 'sha256'),
  ecdsaSha384: plain('1.2.840.10045.4.3.3', 'sha384'),
  ecdsaSha512: plain('1.2.840.10045.4.3.4', 'sha512'),
  ecdsaSha1: plain('1.2.840.10045.4.1', 'sha1'),
  ed25519: plain('1.3.101.112', null),
  ed448: plain('1.3.101.113', null),
} as const

export type AlgorithmName = keyof typeof algorithms

/** The one that a key is used with unless a test asks for another. */
export function usualAlgorithm({ privateKey: { asymmetricKeyType, asymmetricKeyDetails } }: Keys): AlgorithmName {
  if (asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ed448') return asymmetricKeyType
  if (asymmetricKeyType === 'rsa') return 'rsaSha256'
  const curves: Readonly<Record<string, AlgorithmName>> = { secp384r1: 'ecdsaSha384', secp521r1: 'ecdsaSha512' }
  return curves[asymmetricKeyDetails?.namedCurve ?? ''] ?? 'ecdsaSha256'
}

const attributeOids = {
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  emailAddress: '1.2.840.113549.1.9.1',
}
export type NameParts = readonly (readonly [type: keyof typeof attributeOids, value: string, tag?: number])[]

export function name(parts: NameParts): Buffer {
  return sequence(
    ...parts.map(([type, value, tag = type === 'C' ? 0x13 : 0x0c]) =>
      der(0x31, sequence(objectIdentifier(attributeOids[type]), der(tag, Buffer.from(value)))),
    ),
  )
}

export const names = {
  email: (text: string) => der(0x81, Buffer.from(text)),
  dns: (text: string) => der(0x82, Buffer.from(text)),
  directory: (parts: NameParts) => der(0xa4, name(parts)),
  uri: (text: string) => der(0x86, Buffer.from(text)),
  address: (...octets: number[]) => der(0x87, Buffer.from(octets)),
  registered: (oid: string) => der(0x88, objectIdentifier(oid).subarray(2)),
}

export const extensions = {
  basic: (isCa: boolean, pathLength?: number, isCritical = true) =>
    extension(
      '2.5.29.19',
      sequence(...(isCa ? [booleanTrue()] : []), ...(pathLength === undefined ? [] : [smallNumber(pathLength)])),
      isCritical,
    ),
  /** Bits of RFC 5280 4.2.1.3. */
  usage: (...bits: number[]) => {
    const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0)
    return extension('2.5.29.15', der(0x03, Buffer.of(7 - Math.max(...bits), octet)), true)
  },
  purpose: (...oids: string[]) => extension('2.5.29.37', sequence(...oids.map(objectIdentifier))),
  alternative: (...generalNames: Buffer[]) => extension('2.5.29.17', sequence(...generalNames)),
  constraints: (permitted: readonly Buffer[], excluded: readonly Buffer[] = [], isCritical = true) => {
    const subtrees = (tag: number, bases: readonly Buffer[]) =>
      bases.length === 0 ? [] : [der(tag, ...bases.map(base => sequence(base)))]
    return extension('2.5.29.30', sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)), isCritical)
  },
  other: (oid: string, isCritical: boolean, value = NULL) => extension(oid, value, isCritical),
  keyId: (keys: Keys) => extension('2.5.29.14', octetString(keyIdOf(keys))),
  authorityKeyId: (keys: Keys) => extension('2.5.29.35', sequence(der(0x80, keyIdOf(keys)))),
}

export function keyIdOf({ publicKey }: Keys): Buffer {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest()
    .subarray(0, 20)
}

export const uses = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
  sealing: '1.3.6.1.5.5.7.3.36',
  any: '2.5.29.37.0',
} as const

export const DAY = 86_400_000

export type Issued = {
  readonly certificate: X509Certificate
  readonly keys: Keys
  readonly subject: Buffer
}

export type Wanted = {
  /** Undefined: self-signed. */
  readonly issuer?: Pick<Issued, 'keys' | 'subject'>
  readonly subject?: NameParts
  readonly keys?: Keys
  readonly extensions: readonly Buffer[]
  /** Days from now. */
  readonly from?: number
  readonly to?: number
  readonly algorithm?: AlgorithmName
  readonly keyIds?: 'both' | 'subject' | 'none' | 'wrong'
  readonly serial?: number
  /** Changes what is signed. */
  readonly change?: (tbs: Buffer) => Buffer
}

const keysBySpki = new Map<string, Keys>()
const spkiOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' })

/** The keys of a certificate that was made here. */
export function keysOf({ publicKey }: X509Certificate): Keys {
  return keysBySpki.get(spkiOf(publicKey).toString('base64'))!
}

let lastSerial = 0x4100_0000

export function makeCertificate(wanted: Wanted): Issued {
  const { keys = makeKeys.p256(), from = -1, to = 1, keyIds = 'both', serial = ++lastSerial, change } = wanted
  const subject = name(wanted.subject ?? [['CN', 'MINISTRY 1_SEG01']])
  const issuer = wanted.issuer ?? { keys, subject }
  const { identifier, hash, padding } = algorithms[wanted.algorithm ?? usualAlgorithm(issuer.keys)]
  const at = (days: number) => time(new Date(Date.now() + days * DAY))
  const identifiers = {
    both: () => [extensions.keyId(keys), extensions.authorityKeyId(issuer.keys)],
    subject: () => [extensions.keyId(keys)],
    none: () => [],
    wrong: () => [extensions.keyId(keys), extensions.authorityKeyId(makeKeys.p256())],
  }[keyIds]()
  const spki = spkiOf(keys.publicKey)
  keysBySpki.set(spki.toString('base64'), keys)
  const tbs = sequence(
    der(0xa0, smallNumber(2)),
    unsigned(Buffer.from(serial.toString(16).padStart(8, '0'), 'hex')),
    identifier,
    issuer.subject,
    sequence(at(from), at(to)),
    subject,
    spki,
    der(0xa3, sequence(...wanted.extensions, ...identifiers)),
  )
  return { certificate: signCertificate(change?.(tbs) ?? tbs, issuer.keys, identifier, hash, padding), keys, subject }
}

/** A certificate of any octets, signed as they are. */
export function signCertificate(
  tbs: Buffer,
  { privateKey }: Keys,
  identifier: Buffer,
  hash: string | null,
  padding: object = {},
): X509Certificate {
  const signature = sign(hash, tbs, { key: privateKey, ...padding })
  return new X509Certificate(sequence(tbs, identifier, bitString(signature)))
}

export function makeCa(common: string, wanted: Partial<Wanted> = {}): Issued {
  const { extensions: usual = [extensions.basic(true), extensions.usage(5, 6)], ...rest } = wanted
  return makeCertificate({ subject: [['CN', common]], to: 10, from: -10, extensions: usual, ...rest })
}

export function makeLeaf(issuer: Pick<Issued, 'keys' | 'subject'>, wanted: Partial<Wanted> = {}): Issued {
  return makeCertificate({ issuer, extensions: leafExtensions(), ...wanted })
}

export function leafExtensions(...more: readonly Buffer[]): Buffer[] {
  return [extensions.basic(false), extensions.usage(0), extensions.purpose(uses.client), ...more]
}
