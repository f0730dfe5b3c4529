// `receiver dead-letters`: what was accepted and given up on its way to the receiver's own systems; read beside a running receiver.
import { type Command, openOutput, quote, readSettings } from '@seg/core'
import { openLedgerReader } from '@seg/ledger'

export async function runDeadLetters(_options: object, command: Command): Promise<void> {
  const reader = openLedgerReader(readSettings(command, ['data']).data)
  const letters = await Array.fromAsync(reader.deadLetters())
  await reader.close()
  const facts = letters.map(({ document: { sender, id, index, acceptedAt, bytes, sha256 }, at, reason }) => {
    return { sender, id, index, acceptedAt, bytes, sha256, at, reason }
  })
  const lines = facts.map(
    ({ sender, id, index, at, reason }) =>
      `${String(index).padStart(8)}  ${at}  ${quote(id)} from ${quote(sender)}: ${reason}`,
  )
  openOutput(command).report({ deadLetters: facts }, lines.join('\n') || 'no dead letters')
}
