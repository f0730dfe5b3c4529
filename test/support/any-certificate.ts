// A client certificate for any subject and any SubjectPublicKeyInfo, built octet by octet (RFC 5280
// 4.1): what no tool of ours would make.
import { type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import type { CertificateIssuer } from '../../packages/pki/src/issuing/issue.ts'

const ECDSA_WITH_SHA256 = '2a8648ce3d040302'
const names = { CN: '550403', O: '55040a' } as const
const DAY = 24 * 3600 * 1000

type Attribute = readonly [name: keyof typeof names, value: string]

/** `publicKey`: a key, or a SubjectPublicKeyInfo in DER; the issuer's key is of P-256. */
export function issueAny(
  subject: readonly Attribute[],
  publicKey: KeyObject | Buffer,
  issuer: CertificateIssuer,
): X509Certificate {
  const spki = Buffer.isBuffer(publicKey) ? publicKey : publicKey.export({ type: 'spki', format: 'der' })
  const algorithm = sequence(oid(ECDSA_WITH_SHA256))
  const tbs = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    nameOf([['CN', issuer.name]]),
    sequence(time(-DAY), time(DAY)),
    nameOf(subject),
    spki,
    der(0xa3, sequence(extension('551d25', sequence(oid('2b06010505070302'))))),
  )
  const signature = sign('sha256', tbs, issuer.keys.privateKey)
  return new X509Certificate(sequence(tbs, algorithm, der(0x03, Buffer.of(0), signature)))
}

function nameOf(attributes: readonly Attribute[]): Buffer {
  return sequence(
    ...attributes.map(([name, value]) => der(0x31, sequence(oid(names[name]), der(0x0c, Buffer.from(value))))),
  )
}

function extension(identifier: string, value: Buffer): Buffer {
  return sequence(oid(identifier), der(0x04, value))
}

function time(fromNow: number): Buffer {
  const text = new Date(Date.now() + fromNow).toISOString().replace(/\.\d+|[-:T]/g, '')
  return der(0x17, Buffer.from(text.slice(2)))
}

function oid(octets: string): Buffer {
  return der(0x06, Buffer.from(octets, 'hex'))
}

function integer(octets: Buffer): Buffer {
  return der(0x02, octets)
}

function sequence(...values: readonly Buffer[]): Buffer {
  return der(0x30, ...values)
}

/** X.690 8.1: tag, length, content. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const octets = Buffer.concat(content)
  const { length } = octets
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), octets])
  const digits = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | digits.length), digits, octets])
}
