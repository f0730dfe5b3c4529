// `receiver dead-letters`: what was accepted and given up on its way to the receiver's own systems;
// read beside a running receiver.
import { type Command, quote, writeList } from '@seg/core'
import type { DeadLetter } from '@seg/ledger'
import { withReader } from './with-reader.ts'

export async function runDeadLetters(_options: object, command: Command): Promise<void> {
  const form = { name: 'deadLetters', facts: factsOf, line: describeLine, empty: 'no dead letters' }
  await withReader(command, reader => writeList(command, reader.deadLetters(), form))
}

function factsOf({ document: { sender, id, index, acceptedAt, bytes, sha256 }, at, reason }: DeadLetter) {
  return { sender, id, index, acceptedAt, bytes, sha256, at, reason }
}

function describeLine({ document: { sender, id, index }, at, reason }: DeadLetter): string {
  return `${String(index).padStart(8)}  ${at}  ${quote(id)} from ${quote(sender)}: ${reason}`
}
