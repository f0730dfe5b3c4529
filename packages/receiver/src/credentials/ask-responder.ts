// One question to an OCSP responder, bounded in time and size, and its answer, verified.
import { randomBytes } from 'node:crypto'
import { buildOcspRequest, type CertificateStatus, type OcspQuestion, readOcspResponse } from '@seg/pki'
import { fetchOctets } from './fetch-octets.ts'

/** An answer has some kilobytes. */
const LARGEST = 64 * 1024
const FETCH_TIME = 10_000

/** Milliseconds to the second try; each next one waits twice as long. */
export const RETRY = 10_000

type Answer = { readonly octets: Buffer; readonly status: CertificateStatus }
type Edge = { readonly now: () => Date; readonly signal: AbortSignal }

/** Throws the Faults `revocation-unreachable` and `ocsp-invalid`. */
export async function askResponder(url: string, question: OcspQuestion, { now, signal }: Edge): Promise<Answer> {
  const nonce = randomBytes(32)
  const body = { octets: buildOcspRequest(question, nonce), type: 'application/ocsp-request' }
  const octets = await fetchOctets({ url, most: LARGEST, time: FETCH_TIME, signal, body })
  return { octets, status: readOcspResponse(octets, question, now(), nonce) }
}
