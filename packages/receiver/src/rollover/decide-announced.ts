// An operator's decision on an announced certificate that waits: it counts as the record of its
// partner says, or it does not.
import { Fault, quote } from '@seg/core'
import { fetchedListsFolder, loadTrust, loadTrustPolicy } from '@seg/pki'
import type { TrustPlace } from '../credentials/change-trust.ts'
import { readTrust } from '../credentials/read-trust.ts'
import { keepReceived, listReceived, type Received } from './announcements.ts'
import { takeCertificate } from './take-certificate.ts'

/** By the SHA-256 of the certificate, which both compare; `partner`: who announced it. */
export type WantedAnnouncement = { readonly digest: string; readonly partner?: string | undefined }

/**
 * A running receiver follows the record. Throws the Faults `not-found` where none waits,
 * `act-impossible` where several partners announced it, and those of `takeCertificate`.
 */
export async function acceptAnnounced(place: TrustPlace, wanted: WantedAnnouncement, now: Date): Promise<Received> {
  const { certs, data, config } = place
  const waiting = await findWaiting(data, wanted)
  const received = waiting.at(-1)!
  const [trust, { record, path }] = await Promise.all([loadTrust(certs), readTrust(config)])
  const policy = await loadTrustPolicy(record, trust, { certs, file: path, fetched: fetchedListsFolder(data) })
  await takeCertificate(path, received, policy, now)
  // Crash between: it waits still, and to accept it again changes nothing.
  for (const one of waiting) await keepReceived(data, { ...one, state: 'taken', reason: undefined })
  return { ...received, state: 'taken', reason: undefined }
}

/** Throws `not-found` where none waits, and `act-impossible` as `acceptAnnounced` does. */
export async function refuseAnnounced(data: string, wanted: WantedAnnouncement): Promise<Received> {
  const waiting = await findWaiting(data, wanted)
  const decided = { state: 'refused', reason: 'an operator refused it' } as const
  for (const one of waiting) await keepReceived(data, { ...one, ...decided })
  return { ...waiting.at(-1)!, ...decided }
}

/** Of one partner: a certificate is no secret, and another partner may announce the same. */
async function findWaiting(data: string, { digest, partner }: WantedAnnouncement): Promise<Received[]> {
  const all = await listReceived(data)
  const sha256 = digest.replaceAll(':', '').toUpperCase()
  const found = all.filter(
    ({ sender, announcement: { certificate } }) =>
      certificate.fingerprint256.replaceAll(':', '') === sha256 && sender === (partner ?? sender),
  )
  const waiting = found.filter(({ state }) => state === 'waiting')
  const senders = [...new Set(waiting.map(({ sender }) => quote(sender)))]
  if (senders.length > 1)
    throw new Fault(
      'act-impossible',
      `${senders.join(' and ')} announced the certificate ${quote(digest)}: name the one that is meant, with --partner`,
    )
  if (waiting.length > 0) return waiting
  const [last] = found.slice(-1)
  throw new Fault(
    'not-found',
    last === undefined
      ? `nobody announced the certificate ${quote(digest)}; \`pnpm --filter receiver rollover list\` shows what was`
      : `the certificate ${quote(digest)} is ${last.state}, and does not wait`,
  )
}
