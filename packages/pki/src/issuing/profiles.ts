// The kinds of certificates: what each key may be used for (docs/pki.md).
import type { KeyUsage } from '../certificate/extensions.ts'

export type Profile = 'ca' | 'sender' | 'receiver' | 'seal'
/** Profiles of certificates that name a gateway. */
export type GatewayProfile = Exclude<Profile, 'ca'>

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
  /** Object identifier of its one extended key usage. */
  readonly purpose: string | null
}

export const profiles = {
  ca: { title: 'root CA', keyUsage: [KEY_CERT_SIGN, CRL_SIGN], signsWith: [], purpose: null },
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
  },
  // RFC 9336: documentSigning, for signatures that people and programs rely on later.
  seal: {
    title: "receiver's seal (signs receipts)",
    keyUsage: [DIGITAL_SIGNATURE],
    signsWith: ['digitalSignature', 'nonRepudiation'],
    purpose: '1.3.6.1.5.5.7.3.36',
  },
} as const satisfies Record<Profile, ProfileRow>
