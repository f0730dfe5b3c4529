// Certificates of our CA that are revoked here, where its key is.
import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { parseSerial, readBundle, revocationReasons, revokeCertificate } from '@seg/pki'
import { type ActObstacle, obstacle } from '../acts/obstacles.ts'
import { Acts, possibleActs } from '../acts/possible-acts.ts'
import { actAs } from '../api/api-act.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRoute, route } from '../api/route.ts'
import { Digest, DryRun, exactly, orNull, Time, Type, Why, wordOf } from '../api/schema.ts'
import { findCertificate } from './find-certificate.ts'
import { certificateDigestOf, givenForm, givenOctets } from './given-certificates.ts'

/** Days until the next list is due, the default of `pki revoke`. */
const LIST_DAYS = 397

export const revocationRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/api/v1/revocations',
    permission: 'certificates.act',
    needsApproval: true,
    act: 'key.certificate-revoked',
    summary: 'Puts a certificate of our CA on its list; a running gateway takes the list within seconds.',
    query: DryRun,
    body: exactly({
      serialNumber: Type.String({ pattern: '^[0-9a-fA-F]{1,40}$', description: 'In hexadecimal.' }),
      certificate: Type.Optional(
        Type.String({ ...givenForm, description: 'The one with this number: that our CA issued it is checked then.' }),
      ),
      isUnknown: Type.Optional(
        Type.Boolean({
          description: 'True: no certificate with this number is known here, and the number is certain.',
        }),
      ),
      reason: wordOf(...revocationReasons),
      why: Why,
    }),
    response: exactly({
      serialNumber: Type.String(),
      subject: orNull(Type.String({ description: 'Of the certificate; null where that is not known here.' })),
      fingerprint: orNull(Digest),
      isNew: Type.Boolean({ description: 'False: it was on the list already.' }),
      number: Type.String({ description: 'Of the list.' }),
      count: Type.Integer({ description: 'Certificates on the list.' }),
      nextUpdate: Time,
      isDryRun: Type.Boolean(),
    }),
    handle: async (request, parts) => {
      const { serialNumber, certificate, isUnknown = false, reason, why } = request.body
      const serial = parseSerial(serialNumber)
      if (serial === undefined) throw new Fault('parameter-invalid', 'expected a serial number above 0')
      const given = certificate === undefined ? undefined : certificateWith(serial, givenOctets(certificate))
      const obstacle = revokingObstacle(parts)
      if (obstacle !== undefined) throw new Fault('act-impossible', obstacle.why)
      const known = given ?? (await findCertificate(serial, parts))
      if (known === undefined && !isUnknown) throw unknownCertificate(serial)
      const isDryRun = request.query.dryRun === true
      const on = { kind: 'certificate', id: serial.toString('hex') }
      const planned = { action: 'key.certificate-revoked', category: 'key' as const, on, why }
      const options = {
        certs: parts.certs,
        ca: 'ca',
        target: known ?? serial,
        reason,
        days: LIST_DAYS,
        now: parts.now(),
      }
      const work = () => revokeCertificate({ ...options, isDryRun })
      const done = await (isDryRun ? work() : actAs(request, parts, planned, work))
      return {
        ...{ serialNumber: done.serial ?? '', isNew: done.isNew, number: String(done.number), count: done.count },
        subject: known?.subject.replaceAll('\n', ', ') ?? null,
        fingerprint: known === undefined ? null : certificateDigestOf(known),
        ...{ nextUpdate: done.nextUpdate.toISOString(), isDryRun },
      }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/revocations',
    permission: 'certificates.read',
    summary: 'Whether certificates of our CA can be revoked here.',
    response: exactly({ acts: Acts }),
    handle: (request, parts) => ({
      acts: possibleActs(request, 'certificates.act', { revoke: revokingObstacle(parts) }),
    }),
  }),
]

function revokingObstacle({ certs }: ApiParts): ActObstacle | undefined {
  return existsSync(join(certs, 'ca.key')) ? undefined : obstacle('no-ca-key')
}

function unknownCertificate(serial: Buffer): Fault {
  return new Fault(
    'parameter-invalid',
    `expected the serial number of a certificate that is known here, found ${serial.toString('hex')}: ` +
      'give the certificate itself as "certificate", or say "isUnknown": true if the number is certain',
  )
}

/** Throws the Fault `certificate-invalid`. */
function certificateWith(serial: Buffer, octets: Buffer): X509Certificate {
  const found = readBundle(octets).certificates.find(one => parseSerial(one.serialNumber)?.equals(serial))
  if (found !== undefined) return found
  throw new Fault('certificate-invalid', `expected a certificate with the serial number ${serial.toString('hex')}`)
}
