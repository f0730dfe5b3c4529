// The checks of `diagnose` for the settings of a command that delivers.
import { type Command, explainFault, readSettings } from '@seg/core'
import { senderChecks } from '../diagnosis/sender-checks.ts'

/** Milliseconds for each connection. */
const PATIENCE = 10_000

/** `to`: the receiver to try, too. */
export function checksOfDelivery(command: Command, to?: URL): ReturnType<typeof senderChecks> {
  return senderChecks({
    readSettings: () => ({ ...readSettings(command, ['certs', 'data']), config: command.opts().config }),
    to,
    now: () => new Date(),
    patience: PATIENCE,
  })
}

/** What `open` opens; its Fault has the command that fixes it, as `diagnose` says it. */
export async function openExplained<Opened>(command: Command, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open()
  } catch (error) {
    throw await explainFault(error, checksOfDelivery(command))
  }
}
