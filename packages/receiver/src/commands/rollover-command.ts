// `receiver rollover`: the next certificates that partners announced, and an operator's word on
// those that wait for it.
import { type Command, Fault, openOutput, quote, readSettings } from '@seg/core'
import { fetchedListsFolder, loadTrust, loadTrustPolicy } from '@seg/pki'
import { readTrust } from '../credentials/read-trust.ts'
import { recordWhileStopped } from '../credentials/record-while-stopped.ts'
import { SOME_OPERATOR } from '../credentials/trust-journal.ts'
import { keepReceived, listReceived, type Received } from '../rollover/announcements.ts'
import { takeCertificate } from '../rollover/take-certificate.ts'

export async function runRolloverList(_options: object, command: Command): Promise<void> {
  const announcements = (await listReceived(readSettings(command, ['data']).data)).map(factsOf)
  const lines = announcements.map(
    ({ state, sender, sha256, from, until, reason }) =>
      `${state.padEnd(8)} ${quote(sender)}  ${sha256}\n` +
      `         from ${from}, the former until ${until}${reason === null ? '' : `\n         ${reason}`}`,
  )
  openOutput(command).report({ announcements }, lines.length > 0 ? lines.join('\n') : 'nothing was announced')
}

/** From now on it counts as the record of its partner says; a running receiver follows that. */
export async function runRolloverAccept(digest: string, _options: object, command: Command): Promise<void> {
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const waiting = await findWaiting(data, digest)
  const received = waiting.at(-1)!
  const load = async () => {
    const [trust, { record, path }] = await Promise.all([loadTrust(certs), readTrust(command.opts().config)])
    const place = { certs, file: path, fetched: fetchedListsFolder(data) }
    return { record, path, policy: await loadTrustPolicy(record, trust, place) }
  }
  const { path, policy } = await load()
  await takeCertificate(path, received, policy, new Date())
  // Crash between: it waits still, and to accept it again changes nothing.
  for (const one of waiting) await keepReceived(data, { ...one, state: 'taken', reason: undefined })
  await recordWhileStopped(certs, data, await load(), SOME_OPERATOR)
  openOutput(command).report(
    { ...factsOf(received), state: 'taken', reason: null },
    `${quote(received.sender)}: its next certificate counts; a running receiver takes it on within seconds`,
  )
}

export async function runRolloverRefuse(digest: string, _options: object, command: Command): Promise<void> {
  const { data } = readSettings(command, ['data'])
  const waiting = await findWaiting(data, digest)
  for (const one of waiting) await keepReceived(data, { ...one, state: 'refused', reason: 'an operator refused it' })
  const received = waiting.at(-1)!
  openOutput(command).report(
    { ...factsOf(received), state: 'refused' },
    `${quote(received.sender)}: its next certificate does not count; ask it to announce another one`,
  )
}

/** By the SHA-256 of the certificate, which both compare. Throws the Fault `not-found`. */
async function findWaiting(data: string, digest: string): Promise<Received[]> {
  const all = await listReceived(data)
  const found = all.filter(({ announcement: { certificate } }) => certificate.fingerprint256 === digest.toUpperCase())
  const waiting = found.filter(({ state }) => state === 'waiting')
  if (waiting.length > 0) return waiting
  const [last] = found.slice(-1)
  throw new Fault(
    'not-found',
    last === undefined
      ? `nobody announced the certificate ${quote(digest)}; \`pnpm --filter receiver rollover list\` shows what was`
      : `the certificate ${quote(digest)} is ${last.state}, and does not wait`,
  )
}

function factsOf({ sender, document, announcement, at, state, reason }: Received) {
  const { certificate, uses, from, until } = announcement
  const time = (value: number) => new Date(value).toISOString()
  return {
    ...{ sender, document, sha256: certificate.fingerprint256, subject: certificate.subject, uses },
    ...{ from: time(from), until: time(until), at: at.toISOString(), state },
    reason: reason ?? null,
  }
}
