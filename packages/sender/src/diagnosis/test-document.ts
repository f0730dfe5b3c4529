// A test document for a receiver: signed as each other one, judged there by every step, and stored
// nowhere.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { amount, Fault, parseRetryAfter } from '@seg/core'
import { checkServer, type Identity, loadSigningIdentity, type PeerTrust } from '@seg/pki'
import { escapeText } from '../document/escape-text.ts'
import { signBytes } from '../document/sign-bytes.ts'
import { type Answer, openConnection } from '../exchange/connection.ts'
import { readConnectionFailure } from '../exchange/connection-fault.ts'
import { readProblem } from '../exchange/problem.ts'

type Parties = { readonly certs: string; readonly identity: Identity; readonly receiver: string }

/** Throws the Faults of a signing key. */
export async function makeTestDocument({ certs, identity, receiver }: Parties, now: Date): Promise<Buffer> {
  const text = `<CriticalDocument id="probe-${randomUUID()}">
  <SenderID>${escapeText(identity.id)}</SenderID>
  <ReceiverID>${escapeText(receiver)}</ReceiverID>
  <TimestampForSignature>${now.toISOString().slice(0, 19)}Z</TimestampForSignature>
  <Payload>A test document of sender diagnose: nothing is to be done with it.</Payload>
</CriticalDocument>
`
  return signBytes(Buffer.from(text), (await loadSigningIdentity(certs)) ?? identity)
}

type Link = { readonly receiver: URL; readonly identity: Identity; readonly trust: PeerTrust }
type Edge = { readonly now: () => Date; readonly patience: number }

/**
 * What the receiver says of it. One that has had enough of our tests for this second is asked again
 * when it says, while `patience` lasts. Throws the Fault that a delivery would be refused with; a
 * receiver of an earlier version has no test.
 */
export async function probeReceiver(document: Buffer, link: Link, { now, patience }: Edge): Promise<string> {
  const signal = AbortSignal.timeout(patience)
  for (;;) {
    const answer = await probe(document, link, now, signal).catch(readConnectionFailure)
    if (typeof answer === 'string') throw new Fault('delivery-pending', `${link.receiver.origin}: ${answer}`)
    if (answer.status === 404) return 'cannot be tried: this receiver does not take test documents'
    if (answer.status === 200)
      return `would be accepted (${amount(countSteps(answer.body), 'step')}), and is not stored`
    const { code, sentence } = readProblem(answer)
    const wait = parseRetryAfter(answer.retryAfter, answer.date ?? now())
    const isOver = code !== 'rate-limit' || (await pause(wait, false, { signal }).catch(() => true))
    if (isOver)
      throw new Fault(code, `the receiver would refuse our documents with ${answer.status} ${code}: ${sentence}`)
  }
}

async function probe(document: Buffer, link: Link, now: () => Date, signal: AbortSignal): Promise<Answer> {
  await using connection = openConnection({ ...link, admitServer: chain => checkServer(chain, link.trust, now()) })
  const headers = { 'content-type': 'application/xml', 'content-length': String(document.length) }
  return await connection.request({ method: 'POST', path: '/v1/probe', headers, body: toPieces(document), signal })
}

async function* toPieces(document: Buffer): AsyncGenerator<Buffer> {
  yield document
}

function countSteps(body: Buffer | undefined): number {
  try {
    const { steps } = JSON.parse(body?.toString('utf8') ?? '')
    return Array.isArray(steps) ? steps.length : 0
  } catch {
    return 0
  }
}
