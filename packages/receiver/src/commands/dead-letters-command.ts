// `receiver dead-letters`: what was accepted and given up on its way to the receiver's own systems;
// read beside a running receiver.
import { type Command, quote, readSettings, writeList } from '@seg/core'
import { type DeadLetter, openLedgerReader } from '@seg/ledger'

export async function runDeadLetters(_options: object, command: Command): Promise<void> {
  const reader = openLedgerReader(readSettings(command, ['data']).data)
  try {
    await writeList(command, reader.deadLetters(), {
      name: 'deadLetters',
      facts: factsOf,
      line: describeLine,
      empty: 'no dead letters',
    })
  } finally {
    await reader.close()
  }
}

function factsOf({ document: { sender, id, index, acceptedAt, bytes, sha256 }, at, reason }: DeadLetter) {
  return { sender, id, index, acceptedAt, bytes, sha256, at, reason }
}

function describeLine({ document: { sender, id, index }, at, reason }: DeadLetter): string {
  return `${String(index).padStart(8)}  ${at}  ${quote(id)} from ${quote(sender)}: ${reason}`
}
