// The ledger's reader of a command: opened in the folder of --data, and closed however the command
// ends.
import { type Command, readSettings } from '@seg/core'
import { type LedgerReader, openNamedLedger } from '@seg/ledger'

export async function withReader<Result>(
  command: Command,
  use: (reader: LedgerReader, data: string) => Promise<Result>,
): Promise<Result> {
  const { data } = readSettings(command, ['data'])
  const reader = openNamedLedger(data)
  try {
    return await use(reader, data)
  } finally {
    await reader.close()
  }
}
