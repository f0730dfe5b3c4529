// How a token signs: the mechanisms of PKCS #11 for each kind of key and hash (PKCS #11 3.0,
// Current Mechanisms 2.1, 2.3). One that hashes in the token comes first. One row each.
import { hash } from 'node:crypto'

export type TokenMethod = {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519'
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null
  readonly saltLength?: number
}

export type Mechanism = {
  /** CKM_… */
  readonly type: number
  readonly name: string
  readonly pss?: { readonly hashAlg: number; readonly mgf: number; readonly saltLen: number }
  /** What the token gets. */
  readonly input: (octets: Buffer) => Buffer
}

type HashRow = {
  /** CKM_SHA…, CKG_MGF1_SHA… */
  readonly mechanism: number
  readonly mask: number
  /** CKM_SHA…_RSA_PKCS, …_RSA_PKCS_PSS, CKM_ECDSA_SHA… */
  readonly rsa: number
  readonly pss: number
  readonly ecdsa: number
  /** What stands before the digest in a DigestInfo (RFC 8017 9.2, note 1). */
  readonly digestInfo: string
}

const CKM_RSA_PKCS = 0x1
const CKM_RSA_PKCS_PSS = 0xd
const CKM_ECDSA = 0x1041
const CKM_EDDSA = 0x1057

const hashes = {
  sha256: {
    ...{ mechanism: 0x250, mask: 0x2, rsa: 0x40, pss: 0x43, ecdsa: 0x1044 },
    digestInfo: '3031300d060960864801650304020105000420',
  },
  sha384: {
    ...{ mechanism: 0x260, mask: 0x3, rsa: 0x41, pss: 0x44, ecdsa: 0x1045 },
    digestInfo: '3041300d060960864801650304020205000430',
  },
  sha512: {
    ...{ mechanism: 0x270, mask: 0x4, rsa: 0x42, pss: 0x45, ecdsa: 0x1046 },
    digestInfo: '3051300d060960864801650304020305000440',
  },
} as const satisfies Record<string, HashRow>

const whole = (octets: Buffer) => octets

/** In the order in which they are tried. TypeError for a method that no key of ours has. */
export function mechanismsOf({ kind, hash: name, saltLength }: TokenMethod): readonly Mechanism[] {
  if (name === null) {
    if (kind !== 'ed25519') throw new TypeError(`a signature with a key of type ${kind} has a hash`)
    return [{ type: CKM_EDDSA, name: 'CKM_EDDSA', input: whole }]
  }
  const row = hashes[name]
  const upper = name.toUpperCase()
  const digest = (octets: Buffer) => hash(name, octets, 'buffer')
  if (kind === 'ec')
    return [
      { type: row.ecdsa, name: `CKM_ECDSA_${upper}`, input: whole },
      { type: CKM_ECDSA, name: 'CKM_ECDSA', input: digest },
    ]
  if (saltLength !== undefined) {
    const pss = { hashAlg: row.mechanism, mgf: row.mask, saltLen: saltLength }
    return [
      { type: row.pss, name: `CKM_${upper}_RSA_PKCS_PSS`, pss, input: whole },
      { type: CKM_RSA_PKCS_PSS, name: 'CKM_RSA_PKCS_PSS', pss, input: digest },
    ]
  }
  if (kind !== 'rsa') throw new TypeError(`no way to sign with a key of type ${kind} without a salt`)
  const digestInfo = (octets: Buffer) => Buffer.concat([Buffer.from(row.digestInfo, 'hex'), digest(octets)])
  return [
    { type: row.rsa, name: `CKM_${upper}_RSA_PKCS`, input: whole },
    { type: CKM_RSA_PKCS, name: 'CKM_RSA_PKCS', input: digestInfo },
  ]
}
