// A certificate revocation list of our own CA (RFC 5280 5.1).
import type { KeyObject, X509Certificate } from 'node:crypto'
import {
  bitString,
  der,
  extension,
  objectIdentifier,
  octetString,
  sequence,
  smallNumber,
  time,
  unsigned,
} from '../certificate/der-writer.ts'
import { toPem } from '../certificate/pem.ts'
import { algorithmIdentifier, signOctets } from '../issuing/key-pairs.ts'
import { readPathCertificate } from '../path/path-certificate.ts'
import type { Revoked } from '../path/revocation-lists.ts'

export type Revocation = Revoked & { readonly serial: Buffer }

export type NewCrl = {
  readonly ca: X509Certificate
  readonly key: KeyObject
  readonly number: bigint
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  readonly revoked: Iterable<Revocation>
}

/** The list, PEM. */
export function makeCrlPem(list: NewCrl): string {
  return toPem('X509 CRL', writeCrl(list))
}

/** The list, DER. */
export function writeCrl({ ca, key, number, thisUpdate, nextUpdate, revoked }: NewCrl): Buffer {
  const issuer = readPathCertificate(ca)
  if (issuer === undefined) throw new TypeError('the certificate of a CA that cannot be read')
  const algorithm = algorithmIdentifier(key)
  const entries = Array.from(revoked, entryOf)
  const { keyId } = issuer
  const signed = sequence(
    smallNumber(1),
    algorithm,
    issuer.fields.subject,
    time(thisUpdate),
    time(nextUpdate),
    // RFC 5280 5.1.2.6: no empty list of them.
    ...(entries.length === 0 ? [] : [sequence(Buffer.concat(entries))]),
    der(
      0xa0,
      sequence(
        ...(keyId === undefined ? [] : [extension('2.5.29.35', sequence(der(0x80, Buffer.from(keyId, 'hex'))))]),
        extension('2.5.29.20', smallNumber(number)),
      ),
    ),
  )
  return sequence(signed, algorithm, bitString(signOctets(signed, key)))
}

const reasonExtension = objectIdentifier('2.5.29.21')

/** RFC 5280 5.3.1: unspecified is not written. */
function entryOf({ serial, at, reason }: Revocation): Buffer {
  const extensions =
    reason === 0 ? [] : [sequence(sequence(reasonExtension, octetString(der(0x0a, Buffer.of(reason)))))]
  return sequence(unsigned(serial), time(new Date(at)), ...extensions)
}
