// Which of several receivers with one ledger sends the alerts about what all of them see: the one
// with the lease. When the database cannot be asked, each does: twice is better than never.
import { pollLoop } from '@seg/core'
import type { Gate } from '../gate.ts'
import type { Logger } from '../logger.ts'

/** Milliseconds; less than the time after which who does not ask loses the lease. */
const ASK_INTERVAL = 1500

export function leadAlerts({ ledger, desk }: Gate, logger: Pick<Logger, 'error'>): { close(): Promise<void> } {
  const stop = new AbortController()
  const ask = async () => {
    try {
      desk.leadAlerts((await ledger.lease('alerts')) !== undefined)
    } catch (error) {
      desk.leadAlerts(true)
      throw error
    }
  }
  const complain = (line: string) => logger.error(`alerts may be sent by several receivers: ${line}`)
  const ended = pollLoop(ask, { interval: ASK_INTERVAL, signal: stop.signal, complain })
  return {
    async close() {
      stop.abort()
      await ended
    },
  }
}
