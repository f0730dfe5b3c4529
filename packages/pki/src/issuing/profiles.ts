// The kinds of certificates: what each key may be used for (docs/pki.md).
import type { KeyUsage } from '../certificate/extensions.ts'

/** Profiles of certificates that name a gateway. */
export type GatewayProfile = 'sender' | 'receiver' | 'seal'
/** Those that a gateway has the key of. */
export type OwnProfile = GatewayProfile | 'console'
export type Profile = 'ca' | OwnProfile | 'operator'

/**
 * Beside clientAuth in the certificate of a person: no gateway takes it for that of a gateway. An
 * identifier of our own (ITU-T X.667: 2.25 and the number of a UUID).
 */
export const OPERATOR = '2.25.155685483822925840335343245086833087075'

const DIGITAL_SIGNATURE = 0
const KEY_CERT_SIGN = 5
const CRL_SIGN = 6

type ProfileRow = {
  /** What the certificate is, for people. */
  readonly title: string
  /** Bits of keyUsage. */
  readonly keyUsage: readonly number[]
  /**
   * Uses of the key, in the names of RFC 5280 4.2.1.3, one of which a certificate with keyUsage
   * must have.
   */
  readonly signsWith: readonly KeyUsage[]
  /** Object identifier of the extended key usage that it is for. */
  readonly purpose: string | null
  /** Another one that stands beside it. */
  readonly mark?: string
  /** Whether it names hosts. */
  readonly hasHosts?: true
}

export const profiles = {
  ca: { title: 'CA', keyUsage: [KEY_CERT_SIGN, CRL_SIGN], signsWith: [], purpose: null },
  sender: {
    title: "sender's certificate (TLS client, signs documents)",
    keyUsage: [DIGITAL_SIGNATURE],
    signsWith: ['digitalSignature'],
    purpose: '1.3.6.1.5.5.7.3.2',
  },
  receiver: {
    title: "receiver's certificate (TLS server)",
    keyUsage: [DIGITAL_SIGNATURE],
    signsWith: ['digitalSignature'],
    purpose: '1.3.6.1.5.5.7.3.1',
    hasHosts: true,
  },
  // RFC 9336: documentSigning, for signatures that people and programs rely on later.
  seal: {
    title: "receiver's seal (signs receipts)",
    keyUsage: [DIGITAL_SIGNATURE],
    signsWith: ['digitalSignature', 'nonRepudiation'],
    purpose: '1.3.6.1.5.5.7.3.36',
  },
  operator: {
    title: "operator's certificate (a person at the operators' listener)",
    keyUsage: [DIGITAL_SIGNATURE],
    signsWith: ['digitalSignature'],
    purpose: '1.3.6.1.5.5.7.3.2',
    mark: OPERATOR,
  },
  console: {
    title: "console's certificate (TLS server of the operators' listener)",
    keyUsage: [DIGITAL_SIGNATURE],
    signsWith: ['digitalSignature'],
    purpose: '1.3.6.1.5.5.7.3.1',
    hasHosts: true,
  },
} as const satisfies Record<Profile, ProfileRow>

export function profileRow(profile: Profile): ProfileRow {
  return profiles[profile]
}

/** What a running receiver takes on by itself, once it is in its place. */
export const renewedUses = ['receiver', 'seal', 'console'] as const satisfies readonly OwnProfile[]
export type RenewedUse = (typeof renewedUses)[number]
