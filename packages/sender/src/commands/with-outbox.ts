// The outbox of a command: opened in a data folder that is there, and closed however the command
// ends.
import { type Outbox, openNamedOutbox } from '@seg/ledger'

export async function withOutbox<Result>(data: string, use: (outbox: Outbox) => Promise<Result>): Promise<Result> {
  const outbox = await openNamedOutbox(data)
  return use(outbox).finally(() => outbox.close())
}
