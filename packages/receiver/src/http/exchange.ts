// What the exchange listener needs of the gate.
import type { Desk } from '@seg/operators'
import type { Staple } from '../credentials/follow-staple.ts'
import type { LiveCredentials } from '../credentials/live-credentials.ts'
import type { ReceiverLimits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import type { Stopping } from './stopping.ts'

export type Exchange = {
  readonly desk: Pick<Desk, 'note'>
  readonly credentials: LiveCredentials
  readonly limits: ReceiverLimits
  readonly logger: Logger
  readonly stopping: Stopping
  /** Addresses of load balancers, whose connections begin with a PROXY header. */
  readonly balancers?: readonly string[] | undefined
  /** Of our own certificate, while an OCSP responder is asked about it. */
  readonly staple?: Staple | undefined
  now(): Date
}
