// Lists of CAs, ready for the validator: small ones read at once, large ones in a worker thread.
import type { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault, type FaultCode } from '@seg/core'
import type { RevocationList, RevocationLists } from '../path/revocation-lists.ts'
import { findRevoked, type TableParts } from './revocation-table.ts'
import { type CrlParts, splitCrls, verifyCrl } from './verify-crl.ts'

/** A verified list, the CA that it is of, and how many certificates it revokes. */
export type Crl = RevocationList & {
  readonly issuerId: string
  /** For people. */
  readonly issuer: string
  readonly count: number
  /** What `find` searches. */
  readonly table: TableParts
}

/** From here on a list is read in a thread of its own: it takes more than a few milliseconds. */
const LARGE = 64 * 1024
/** Some two million entries. */
const LARGEST = 96 * 1024 * 1024

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./crl-worker${extname(import.meta.filename)}`, import.meta.url)

/**
 * Reads a list in PEM or DER that one of `issuers` signed. Its dates are not looked at: whether it
 * counts now is the policy's to say. Throws the Faults `crl-invalid` and `crl-kind`.
 */
export async function readCrl(octets: Buffer, issuers: readonly X509Certificate[]): Promise<Crl> {
  if (octets.length > LARGEST)
    throw new Fault('crl-invalid', `expected a list of at most ${LARGEST} octets, found ${octets.length}`)
  const ders = issuers.map(({ raw }) => raw)
  return openCrl(octets.length < LARGE ? verifyCrl(octets, ders) : await verifyInThread(octets, ders))
}

/**
 * Reads the lists of a file, each signed by one of `issuers`: all of them, or none. Throws as
 * `readCrl` does.
 */
export async function readCrls(octets: Buffer, issuers: readonly X509Certificate[]): Promise<Crl[]> {
  if (octets.length > LARGEST)
    throw new Fault('crl-invalid', `expected lists of at most ${LARGEST} octets, found ${octets.length}`)
  const crls: Crl[] = []
  // One after the other: each may take a thread and as much memory as the file.
  for (const one of splitCrls(octets)) crls.push(await readCrl(one, issuers))
  return crls
}

type Answer = { readonly parts?: CrlParts; readonly fault?: { readonly code: FaultCode; readonly detail: string } }

async function verifyInThread(octets: Buffer, issuers: readonly Buffer[]): Promise<CrlParts> {
  const worker = new Worker(script, { workerData: { octets, issuers } })
  try {
    const [{ parts, fault }] = (await once(worker, 'message')) as [Answer]
    if (fault !== undefined) throw new Fault(fault.code, fault.detail)
    return parts!
  } finally {
    await worker.terminate()
  }
}

/** Of what a thread or another process of ours has read and verified. */
export function openCrl({ table, ...rest }: CrlParts): Crl {
  return { ...rest, table, count: table.count, find: serial => findRevoked(table, serial) }
}

/**
 * That a list may take the place of the one before it: RFC 5280 5.2.3, its number never goes back.
 * Throws the Fault `crl-older`.
 */
export function checkCrlFollows(next: Crl, previous: Crl | undefined): void {
  if (previous === undefined || next.issuerId !== previous.issuerId) return
  const isOlder =
    next.number < previous.number || (next.number === previous.number && next.thisUpdate < previous.thisUpdate)
  if (isOlder)
    throw new Fault(
      'crl-older',
      `the list of ${next.issuer}: expected the number ${previous.number} or one after it, ` +
        `found ${next.number} of ${new Date(next.thisUpdate).toISOString()}`,
    )
}

/** The lists for `validatePath`; of one CA, that with the highest number. */
export function makeRevocationLists(crls: readonly Crl[]): RevocationLists {
  const lists = new Map<string, Crl>()
  for (const crl of crls) {
    const known = lists.get(crl.issuerId)
    if (known === undefined || known.number < crl.number) lists.set(crl.issuerId, crl)
  }
  return lists
}
