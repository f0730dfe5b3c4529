// Issuing: a certificate of one profile for one key, signed by the CA's.
import { randomBytes, X509Certificate } from 'node:crypto'
import { alternativeNames } from './alternative-names.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  buildCertificate,
  buildTbsCertificate,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  subjectKeyIdentifier,
} from './certificate-der.ts'
import { exportPublicKey, type KeyPair, keyIdentifier, signingRow, signOctets } from './key-pairs.ts'
import { type Profile, profileRow } from './profiles.ts'

export type CertificateIssuer = {
  readonly name: string
  /** The whole subject of its certificate in DER, where that is more than the name. */
  readonly subject?: Buffer
  readonly keys: KeyPair
  /** As its certificate has it; without one, that of `keyIdentifier`. */
  readonly keyId?: Buffer
}

export type CertificateRequest = {
  readonly profile: Profile
  /** Subject CN: the gateway's id. */
  readonly name: string
  /** The whole subject in DER, where that is more than the name. */
  readonly subject?: Buffer
  readonly keys: Pick<KeyPair, 'publicKey'>
  /** Of a CA: how many may stand below it. */
  readonly pathLength?: number
  readonly notBefore: Date
  readonly notAfter: Date
  /** Host names and addresses, for a TLS server. */
  readonly hosts?: readonly string[]
}

const SERIAL_OCTETS = 16

export function issueCertificate(request: CertificateRequest, issuer: CertificateIssuer): X509Certificate {
  const { algorithm } = signingRow(issuer.keys.privateKey)
  const tbsCertificate = buildTbsCertificate({
    serial: makeSerial(),
    algorithm,
    issuer: issuer.subject ?? issuer.name,
    subject: request.subject ?? request.name,
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    publicKey: exportPublicKey(request.keys.publicKey),
    extensions: extensionsOf(request, issuer),
  })
  return new X509Certificate(
    buildCertificate(tbsCertificate, algorithm, signOctets(tbsCertificate, issuer.keys.privateKey)),
  )
}

function extensionsOf(
  { profile, keys, pathLength = 0, hosts = [] }: CertificateRequest,
  issuer: CertificateIssuer,
): Extension[] {
  const row = profileRow(profile)
  const extensions = [
    { oid: '2.5.29.19', isCritical: true, value: basicConstraints(profile === 'ca' ? pathLength : null) },
    { oid: '2.5.29.15', isCritical: true, value: keyUsage(row.keyUsage) },
    { oid: '2.5.29.14', isCritical: false, value: subjectKeyIdentifier(keyIdentifier(keys.publicKey)) },
    {
      oid: '2.5.29.35',
      isCritical: false,
      value: authorityKeyIdentifier(issuer.keyId ?? keyIdentifier(issuer.keys.publicKey)),
    },
  ]
  if (row.purpose !== null)
    extensions.push({
      oid: '2.5.29.37',
      isCritical: false,
      value: extendedKeyUsage(row.mark ? [row.purpose, row.mark] : [row.purpose]),
    })
  if (hosts.length > 0) extensions.push({ oid: '2.5.29.17', isCritical: false, value: alternativeNames(hosts) })
  return extensions
}

/**
 * 128 random bits, positive and never starting with a zero octet, so that DER needs no other form.
 */
function makeSerial(): Buffer {
  const serial = randomBytes(SERIAL_OCTETS)
  serial[0] = (serial[0]! & 0x3f) | 0x40
  return serial
}
