// `receiver dead-letters`: what was accepted and given up on its way to the receiver's own systems,
// and what becomes of it; beside a running receiver.
import { amount, type Command, Fault, openOutput, quote, writeList } from '@seg/core'
import type { DeadLetter } from '@seg/ledger'
import {
  type LetterAct,
  type LetterStore,
  lettersAt,
  openLetterReader,
  openLetterStore,
  shellActor,
} from '@seg/operators'
import { withReader } from './with-reader.ts'

export async function runDeadLetters(_options: object, command: Command): Promise<void> {
  await withReader(command, async (reader, data) => {
    const decisions = openLetterReader(data)
    const form = {
      name: 'deadLetters',
      facts: (letter: DeadLetter) => factsOf(letter, decisions),
      line: (letter: DeadLetter) => describeLine(letter, decisions),
      empty: 'no dead letters',
    }
    await writeList(command, reader.deadLetters(), form).finally(() => decisions?.close())
  })
}

type Deciding = { readonly why: string }

export async function runLettersRetry(indexes: readonly string[], options: Deciding, command: Command): Promise<void> {
  const count = await decide('retry', indexes, options, command)
  const said = `${amount(count, 'dead letter')} to be handed on once more: a running receiver does it within seconds`
  openOutput(command).report({ ok: true, count }, said)
}

export async function runLettersDiscard(
  indexes: readonly string[],
  options: Deciding,
  command: Command,
): Promise<void> {
  const count = await decide('discard', indexes, options, command)
  openOutput(command).report({ ok: true, count }, `${amount(count, 'dead letter')} discarded; the documents stay kept`)
}

/** All of them, or none. Returns how many letters the documents have. */
function decide(act: LetterAct, indexes: readonly string[], { why }: Deciding, command: Command): Promise<number> {
  const numbers = [...new Set(indexes)].map(parseIndex)
  return withReader(command, async (ledger, data) => {
    const store = await openLetterStore(data)
    try {
      const letters = (await Promise.all(numbers.map(index => lettersAt({ ledger, decisions: store }, index)))).flat()
      store.decide(act, letters, { by: shellActor().id, why, at: Date.now() })
      return letters.length
    } finally {
      store.close()
    }
  })
}

function parseIndex(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Fault(
    'usage',
    `expected the index of a document in the log, found ${quote(text)}; \`dead-letters\` lists them`,
  )
}

function factsOf(letter: DeadLetter, decisions: LetterStore | undefined) {
  const { document, at, reason } = letter
  const { sender, id, index, acceptedAt, bytes, sha256 } = document
  return { sender, id, index, acceptedAt, bytes, sha256, at, reason, state: stateOf(letter, decisions) }
}

function describeLine(letter: DeadLetter, decisions: LetterStore | undefined): string {
  const { document, at, reason } = letter
  const { sender, id, index } = document
  const state = stateOf(letter, decisions)
  const more = state === 'open' ? '' : ` (${state})`
  return `${String(index).padStart(8)}  ${at}  ${quote(id)} from ${quote(sender)}: ${reason}${more}`
}

function stateOf({ cursor, document: { index } }: DeadLetter, decisions: LetterStore | undefined): string {
  return decisions?.stateOf({ index, target: cursor.split(' ', 1)[0] ?? cursor }) ?? 'open'
}
