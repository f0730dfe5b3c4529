// Issuing: a certificate of one profile for one key, signed by the CA's.
import { randomBytes, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  authorityKeyIdentifier,
  basicConstraints,
  buildCertificate,
  buildTbsCertificate,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from './certificate-der.ts'
import { exportPublicKey, type KeyPair, keyIdentifier, signingRow, signOctets } from './key-pairs.ts'
import { type Profile, profiles } from './profiles.ts'

export type CertificateIssuer = { readonly name: string; readonly keys: KeyPair }

export type CertificateRequest = {
  readonly profile: Profile
  /** Subject CN: the gateway's id. */
  readonly name: string
  readonly keys: KeyPair
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
    issuer: issuer.name,
    subject: request.name,
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    publicKey: exportPublicKey(request.keys.publicKey),
    extensions: extensionsOf(request, issuer),
  })
  return new X509Certificate(
    buildCertificate(tbsCertificate, algorithm, signOctets(tbsCertificate, issuer.keys.privateKey)),
  )
}

function extensionsOf({ profile, keys, hosts = [] }: CertificateRequest, issuer: CertificateIssuer): Extension[] {
  const row = profiles[profile]
  const extensions = [
    { oid: '2.5.29.19', isCritical: true, value: basicConstraints(profile === 'ca' ? 0 : null) },
    { oid: '2.5.29.15', isCritical: true, value: keyUsage(row.keyUsage) },
    { oid: '2.5.29.14', isCritical: false, value: subjectKeyIdentifier(keyIdentifier(keys.publicKey)) },
    { oid: '2.5.29.35', isCritical: false, value: authorityKeyIdentifier(keyIdentifier(issuer.keys.publicKey)) },
  ]
  if (row.purpose !== null)
    extensions.push({ oid: '2.5.29.37', isCritical: false, value: extendedKeyUsage([row.purpose]) })
  if (hosts.length > 0) extensions.push({ oid: '2.5.29.17', isCritical: false, value: alternativeNames(hosts) })
  return extensions
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const addresses = hosts.filter(host => isIP(host) !== 0)
  return subjectAltName(
    hosts.filter(host => isIP(host) === 0),
    addresses.map(readAddress),
  )
}

/** 4 or 16 octets of an address that `isIP` accepts. */
function readAddress(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // URL writes an IPv6 address in one form, without dotted parts.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...zeros, ...after].map(group => group.padStart(4, '0')).join(''), 'hex')
}

/**
 * 128 random bits, positive and never starting with a zero octet, so that DER needs no other form.
 */
function makeSerial(): Buffer {
  const serial = randomBytes(SERIAL_OCTETS)
  serial[0] = (serial[0]! & 0x3f) | 0x40
  return serial
}
