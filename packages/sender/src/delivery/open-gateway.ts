// Opening what sending needs: keys, trust, the outbox and what is known of the receivers' logs.
import { readSection } from '@seg/core'
import { openOutbox } from '@seg/ledger'
import { loadIdentity, loadSigningIdentity } from '@seg/pki'
import { documentsSection } from '@seg/xmldsig'
import { silentMeter } from '../progress.ts'
import { loadReceiptTrust } from '../receipt/check-log-entry.ts'
import { LogWitness } from '../receipt/log-witness.ts'
import type { SendingGateway } from './gateway.ts'
import { openLifetimeClock } from './lifetime-clock.ts'

const HOUR = 3_600_000

type Settings = {
  readonly certs: string
  readonly data: string /** Hours. */
  readonly lifetime: number
  readonly config?: string | undefined
}

/**
 * Throws the Faults `configuration` and `storage-unavailable`. Disposing of it gives back what it
 * has leased.
 */
export async function openGateway(
  { certs, data, lifetime, config }: Settings,
  edge: Pick<SendingGateway, 'note' | 'clock'>,
): Promise<SendingGateway & AsyncDisposable> {
  const [identity, signing, trust] = await Promise.all([
    loadIdentity(certs, 'sender'),
    loadSigningIdentity(certs),
    loadReceiptTrust(certs),
  ])
  const { value: types } = readSection(config, documentsSection)
  const outbox = await openOutbox(data)
  return {
    ...{ identity, signer: signing ?? identity, trust, types, data, outbox, ...edge },
    witness: new LogWitness({ outbox, data, now: edge.clock.now }),
    lifetime: lifetime * HOUR,
    lifetimeClock: openLifetimeClock(edge.clock),
    meter: silentMeter,
    [Symbol.asyncDispose]: () => outbox.close(),
  }
}
