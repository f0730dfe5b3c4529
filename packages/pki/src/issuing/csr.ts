// Certificate requests (PKCS #10, RFC 2986): written with a proof that the key is there, and read
// strictly.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { Fault } from '@seg/core'
import { findWeakKey } from '../certificate/certificate-algorithms.ts'
import {
  DerError,
  DerReader,
  readBitString,
  readObjectIdentifier,
  readSmallNumber,
  readWhole,
  tags,
} from '../certificate/der.ts'
import { bitString, der, extension, objectIdentifier, sequence, smallNumber } from '../certificate/der-writer.ts'
import { toPem } from '../certificate/pem.ts'
import { findBadSignature } from '../certificate/verify-signature.ts'
import { attributeTypes, readAttributes } from '../path/distinguished-name.ts'
import { readGeneralNames } from '../path/general-name.ts'
import { alternativeNames } from './alternative-names.ts'
import { algorithmIdentifier, exportPublicKey } from './key-pairs.ts'

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const SUBJECT_ALT_NAME = '2.5.29.17'

export type Csr = {
  /** The one CN of its subject. */
  readonly name: string
  readonly publicKey: KeyObject
  /** The host names and addresses in it. */
  readonly hosts: readonly string[]
}

/** What makes the signatures of a request, and is the key that it asks a certificate for. */
export type RequestKey = {
  readonly publicKey: KeyObject
  readonly sign: (octets: Buffer) => Buffer | Promise<Buffer>
}

/** A request, PEM. */
export async function buildCsr(name: string, key: RequestKey, hosts: readonly string[]): Promise<string> {
  const { publicKey } = key
  const attribute = sequence(objectIdentifier('2.5.4.3'), der(0x0c, Buffer.from(name)))
  const asked = sequence(extension(SUBJECT_ALT_NAME, alternativeNames(hosts)))
  const attributes = hosts.length === 0 ? [] : [sequence(objectIdentifier(EXTENSION_REQUEST), der(tags.set, asked))]
  const info = sequence(
    smallNumber(0),
    sequence(der(tags.set, attribute)),
    exportPublicKey(publicKey),
    der(0xa0, ...attributes),
  )
  const signature = bitString(await key.sign(info))
  return toPem('CERTIFICATE REQUEST', sequence(info, algorithmIdentifier(publicKey), signature))
}

const BLOCK =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END (?:NEW )?CERTIFICATE REQUEST-----/

/** PEM or DER. Throws the Fault `csr-invalid`, also when its maker does not have the key. */
export function readCsr(octets: Buffer): Csr {
  try {
    const text = octets[0] === 0x30 ? undefined : BLOCK.exec(octets.toString('latin1'))?.[1]
    if (text === undefined && octets[0] !== 0x30) throw new DerError('expected a certificate request in PEM or DER')
    return parseCsr(text === undefined ? octets : Buffer.from(text, 'base64'))
  } catch (error) {
    if (error instanceof DerError)
      throw new Fault('csr-invalid', `DER (RFC 2986 4): ${error.message}`, { cause: error })
    throw error
  }
}

function parseCsr(octets: Buffer): Csr {
  const request = readWhole(octets, 'a certificate request')
  const { raw, content } = request.read(tags.sequence, 'what is signed')
  const algorithm = request.read(tags.sequence, 'a signature algorithm').raw
  const { octets: signature, unused } = readBitString(request.read(tags.bitString, 'a signature'), 'a signature')
  if (unused !== 0) throw new DerError('expected a signature of whole octets')
  request.end('the request')
  const info = new DerReader(content)
  if (readSmallNumber(info, 'a version') !== 0) throw new DerError('expected a request of version 1')
  const subject = info.read(tags.sequence, 'the subject').raw
  const publicKey = readKey(info.read(tags.sequence, 'the public key').raw)
  const hosts = readHosts(new DerReader(info.read(0xa0, 'the attributes').content))
  info.end('what is signed')
  const weak = findWeakKey(publicKey)
  if (weak !== undefined)
    throw new Fault(
      'csr-invalid',
      `public key: expected RSA of 2048 bits or more, P-256, P-384, P-521, Ed25519 or ML-DSA-65, found ${weak}`,
    )
  const bad = findBadSignature(raw, algorithm, signature, publicKey)
  if (bad !== undefined)
    throw new Fault(
      'csr-invalid',
      `signature (RFC 2986 4.2): expected one by the key of the request itself, found ${bad}`,
    )
  return { name: readCommonName(subject), publicKey, hosts }
}

function readKey(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch {
    throw new DerError('expected a public key, found one that cannot be read')
  }
}

function readCommonName(subject: Buffer): string {
  const names = readAttributes(subject)
    .flat()
    .filter(({ type }) => type === attributeTypes.commonName)
  const [name] = names
  if (names.length !== 1 || name?.text === undefined)
    throw new Fault('csr-invalid', `subject: expected one CN, found ${names.length}`)
  return name.text
}

/** Only the hosts are taken from a request: all else comes from the profile. */
function readHosts(attributes: DerReader): string[] {
  const hosts: string[] = []
  while (!attributes.isAtEnd) {
    const attribute = attributes.enter('an attribute')
    const type = readObjectIdentifier(attribute, 'the type of an attribute')
    const values = attribute.enter('the values of an attribute', tags.set)
    attribute.end('an attribute')
    if (type !== EXTENSION_REQUEST) continue
    const extensions = values.enter('the extensions that are asked for')
    while (!extensions.isAtEnd) {
      const asked = extensions.enter('an extension')
      const oid = readObjectIdentifier(asked, 'the name of an extension')
      asked.readOptional(tags.boolean, 'critical')
      const { content } = asked.read(tags.octetString, 'the value of an extension')
      if (oid === SUBJECT_ALT_NAME) hosts.push(...readHostNames(content))
    }
  }
  return hosts
}

/**
 * The hosts in a subjectAltName. Throws a DerError, and the Fault `csr-invalid` for names of other
 * kinds.
 */
export function readHostNames(value: Buffer): string[] {
  return readGeneralNames(readWhole(value, 'subjectAltName'), 'a name').map(name => {
    if (name.kind === 'dns') return name.text
    if (name.kind === 'address') return showAddress(name.octets)
    throw new Fault(
      'csr-invalid',
      `subjectAltName: expected DNS names and IP addresses, found a name of the kind ${name.kind}`,
    )
  })
}

function showAddress(octets: Buffer): string {
  const text = octets.length === 4 ? octets.join('.') : octets.toString('hex').replace(/(.{4})(?!$)/g, '$1:')
  if (isIP(text) === 0) throw new DerError(`expected an address of 4 or 16 octets, found ${octets.length}`)
  return text
}
