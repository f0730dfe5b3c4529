// `receiver rollover`: the next certificates that partners announced, and an operator's decisions
// on those that wait.
import { type Command, openOutput, quote, readSettings } from '@seg/core'
import { fetchedListsFolder, loadTrust, loadTrustPolicy } from '@seg/pki'
import { readTrust } from '../credentials/read-trust.ts'
import { recordWhileStopped } from '../credentials/record-while-stopped.ts'
import { SOME_OPERATOR } from '../credentials/trust-journal.ts'
import { listReceived, type Received } from '../rollover/announcements.ts'
import { acceptAnnounced, refuseAnnounced } from '../rollover/decide-announced.ts'

export async function runRolloverList(_options: object, command: Command): Promise<void> {
  const announcements = (await listReceived(readSettings(command, ['data']).data)).map(factsOf)
  const lines = announcements.map(
    ({ state, sender, sha256, from, until, reason }) =>
      `${state.padEnd(8)} ${quote(sender)}  ${sha256}\n` +
      `         from ${from}, the former until ${until}${reason === null ? '' : `\n         ${reason}`}`,
  )
  openOutput(command).report({ announcements }, lines.length > 0 ? lines.join('\n') : 'nothing was announced')
}

type DecideOptions = { readonly partner?: string }

/** From now on it counts as the record of its partner says; a running receiver follows that. */
export async function runRolloverAccept(digest: string, { partner }: DecideOptions, command: Command): Promise<void> {
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const { config } = command.opts()
  const received = await acceptAnnounced({ certs, data, config }, { digest, partner }, new Date())
  const [trust, { record, path }] = await Promise.all([loadTrust(certs), readTrust(config)])
  const policy = await loadTrustPolicy(record, trust, { certs, file: path, fetched: fetchedListsFolder(data) })
  await recordWhileStopped(certs, data, { record, policy }, SOME_OPERATOR)
  openOutput(command).report(
    factsOf(received),
    `${quote(received.sender)}: its next certificate counts; a running receiver takes it on within seconds`,
  )
}

export async function runRolloverRefuse(digest: string, { partner }: DecideOptions, command: Command): Promise<void> {
  const received = await refuseAnnounced(readSettings(command, ['data']).data, { digest, partner })
  openOutput(command).report(
    factsOf(received),
    `${quote(received.sender)}: its next certificate does not count; ask it to announce another one`,
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
