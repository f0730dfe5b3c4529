// What a certificate at the end of a path is used for, and what it must say to be used so (RFC 5280
// 4.2.1.3, 4.2.1.12).
import type { KeyUsage } from '../certificate/extensions.ts'

/**
 * `sign`: a signature of a sender that has a certificate for signing apart from that for TLS.
 * `operator`: a person in TLS, at the operators' listener.
 */
export type PathPurpose = 'client' | 'server' | 'seal' | 'sign' | 'operator'

type PurposeRow = {
  readonly title: string
  /** One of them, if there is keyUsage. */
  readonly keyUsages: readonly KeyUsage[]
  /** One of them, in the certificate and in each CA that is limited. */
  readonly extendedKeyUsages: readonly string[]
  /** Whether extendedKeyUsage may be absent. */
  readonly mayBeUnlimited: boolean
  /** Of a person, not of a gateway: the mark of that profile stands beside its use. */
  readonly isPerson?: true
}

const [serverAuth, clientAuth, documentSigning] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.36']

const purposes = {
  client: {
    title: 'a TLS client',
    keyUsages: ['digitalSignature'],
    extendedKeyUsages: [clientAuth],
    mayBeUnlimited: false,
  },
  server: {
    title: 'a TLS server',
    keyUsages: ['digitalSignature'],
    extendedKeyUsages: [serverAuth],
    mayBeUnlimited: false,
  },
  seal: {
    title: 'the seal of receipts',
    keyUsages: ['digitalSignature', 'nonRepudiation'],
    extendedKeyUsages: [documentSigning],
    mayBeUnlimited: false,
  },
  // Certificates for electronic seals have nonRepudiation, and mostly no extendedKeyUsage (ETSI EN
  // 319 412-2 4.3.2).
  sign: {
    title: 'the signature of documents',
    keyUsages: ['digitalSignature', 'nonRepudiation'],
    extendedKeyUsages: [clientAuth, documentSigning],
    mayBeUnlimited: true,
  },
  operator: {
    title: "a person at the operators' listener",
    keyUsages: ['digitalSignature'],
    extendedKeyUsages: [clientAuth],
    mayBeUnlimited: false,
    isPerson: true,
  },
} as const satisfies Record<PathPurpose, PurposeRow>

export function purposeRow(purpose: PathPurpose): PurposeRow {
  return purposes[purpose]
}
