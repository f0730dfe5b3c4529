// `pki revoke`: one more certificate on the list of our CA, whose number goes up. Nothing that was
// revoked comes off.
import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { Fault, quote, readInput, whyUnreadable } from '@seg/core'
import { type IssuingCa, loadIssuingCa } from '../issuing/issuing-ca.ts'
import { writeCertsFile } from '../issuing/write-certs-file.ts'
import { withListLock } from './list-lock.ts'
import { listRevoked, type TableParts } from './revocation-table.ts'
import { verifyCrl } from './verify-crl.ts'
import { makeCrlPem, type Revocation } from './write-crl.ts'

/**
 * CRLReason (RFC 5280 5.3.1); those of a part of a list and of a hold are left out: what is revoked
 * stays so.
 */
export const reasons = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const satisfies Record<string, number>

export type ReasonName = keyof typeof reasons

export const revocationReasons = Object.keys(reasons) as ReasonName[]

export type RevokeOptions = {
  readonly certs: string
  /** Files of the CA: `NAME.crt`, `NAME.key`, `NAME.crl`. */
  readonly ca: string
  /**
   * What to revoke: a certificate that the CA issued, or a serial number; undefined renews the
   * list.
   */
  readonly target?: X509Certificate | Buffer
  readonly reason: ReasonName
  /** Days until the next list is due. */
  readonly days: number
  readonly now: Date
  /** Nothing is written: the result says what would be. */
  readonly isDryRun?: boolean
}

export type RevokeResult = {
  readonly path: string
  readonly number: bigint
  readonly count: number
  readonly nextUpdate: Date
  /** Of what was revoked, in hexadecimal. */
  readonly serial: string | undefined
  /** False when it was on the list already. */
  readonly isNew: boolean
}

const DAY = 86_400_000
/** Bytes of a list: room for a million certificates. */
const MOST_BYTES = 64 * 1024 * 1024

/**
 * Throws the Faults `configuration`, `crl-invalid`, `certificate-untrusted` for a certificate of
 * another CA, and `file-exists` while another run changes the list.
 */
export async function revoke(options: RevokeOptions): Promise<RevokeResult> {
  const { certs, ca: name, target, reason, days, now, isDryRun = false } = options
  const ca = await loadIssuingCa(certs, name)
  const serial = target === undefined ? undefined : serialOf(target, ca)
  const path = join(certs, `${name}.crl`)
  return withListLock(path, async () => {
    const known = await readOwnList(path, ca)
    const entries: Revocation[] = known === undefined ? [] : [...listRevoked(known.table)]
    const isNew = serial !== undefined && !entries.some(entry => entry.serial.equals(serial))
    if (isNew) entries.push({ serial, at: now.getTime(), reason: reasons[reason] })
    const number = known === undefined ? 1n : known.number + 1n
    const nextUpdate = new Date(now.getTime() + days * DAY)
    const result = { path, number, count: entries.length, nextUpdate, serial: serial?.toString('hex'), isNew }
    if (isDryRun) return result
    const { certificate, key } = ca
    const text = makeCrlPem({ ca: certificate, key, number, thisUpdate: now, nextUpdate, revoked: entries })
    // Crash before: the list from before is there. After: the new one.
    await writeCertsFile(path, text, { replace: true })
    return result
  })
}

/**
 * Whether a text can be the serial number of a certificate, as openssl and `pki inspect` show it.
 */
export function parseSerial(text: string): Buffer | undefined {
  const digits = text.replace(/^0x/i, '').replaceAll(':', '')
  if (!/^[0-9a-fA-F]{1,40}$/.test(digits)) return undefined
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  const from = octets.findIndex(octet => octet !== 0)
  return from < 0 ? undefined : octets.subarray(from)
}

function serialOf(target: X509Certificate | Buffer, ca: IssuingCa): Buffer {
  if (Buffer.isBuffer(target)) return target
  if (!target.checkIssued(ca.certificate) || !target.verify(ca.certificate.publicKey))
    throw new Fault(
      'certificate-untrusted',
      `expected a certificate that ${quote(ca.certificate.subject)} issued, found one of ${quote(target.issuer)}; ` +
        'revoke it with the CA that did: --ca NAME',
    )
  return parseSerial(target.serialNumber)!
}

async function readOwnList(path: string, { certificate }: IssuingCa) {
  try {
    return verifyCrl(readInput(path, { most: MOST_BYTES, onlyFile: true }), [certificate.raw]) satisfies {
      number: bigint
      table: TableParts
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (!(cause instanceof Fault))
      throw new Fault('file-unreadable', `cannot read ${path}: ${whyUnreadable(path, cause)}`, { cause })
    throw new Fault(
      cause.code,
      `nothing was changed: ${path}: ${cause.detail}; ` +
        'put the latest list of this CA in its place, for what is on it must stay revoked',
      { cause },
    )
  }
}
