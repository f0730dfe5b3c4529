// Opening what sending needs: keys, trust, the outbox and what is known of the receivers' logs.
import { type OutboxAddress, openOutbox } from '@seg/ledger'
import type { LiveSender } from '../credentials/follow-sender.ts'
import { loadSenderCredentials, type SenderFolder } from '../credentials/sender-credentials.ts'
import { silentMeter } from '../progress.ts'
import { LogWitness } from '../receipt/log-witness.ts'
import type { SendingGateway } from './gateway.ts'
import { openLifetimeClock } from './lifetime-clock.ts'

const HOUR = 3_600_000

type Settings = SenderFolder & {
  readonly data: string
  /** Hours. */
  readonly lifetime: number
  /** Where it is when it is not where the data folder says; and the file of its password. */
  readonly outbox?: string | undefined
  readonly outboxPassword?: string | undefined
}

/** `replace` is for a daemon, whose credentials change while it runs. */
export type OpenGateway = SendingGateway & AsyncDisposable & Pick<LiveSender, 'replace'>

/**
 * Throws the Faults `configuration` and `storage-unavailable`. Disposing of it gives back what it
 * has leased.
 */
export async function openGateway(
  { certs, config, data, lifetime, ...place }: Settings,
  edge: Pick<SendingGateway, 'note' | 'clock' | 'tracer'>,
): Promise<OpenGateway> {
  let current = await loadSenderCredentials({ certs, config })
  const outbox = await openOutbox(data, addressOf(place))
  return {
    get identity() {
      return current.identity
    },
    get signer() {
      return current.signer
    },
    get trust() {
      return current.trust
    },
    get receivers() {
      return current.receivers
    },
    replace(next) {
      current = next
    },
    get types() {
      return current.types
    },
    ...{ data, outbox, ...edge },
    witness: new LogWitness({ outbox, data, now: edge.clock.now }),
    lifetime: Math.round(lifetime * HOUR),
    lifetimeClock: openLifetimeClock(edge.clock),
    meter: silentMeter,
    [Symbol.asyncDispose]: () => outbox.close(),
  }
}

function addressOf({ outbox, outboxPassword: password }: Pick<Settings, 'outbox' | 'outboxPassword'>) {
  return outbox === undefined ? undefined : ({ outbox, password } satisfies OutboxAddress)
}
