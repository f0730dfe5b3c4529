// Dead letters that operators want tried again: once each, beside the lanes, so that none delays a
// document.
import { asFault, Fault, pollLoop, quote } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { type LetterDecision, type LetterStore, openLetterStoreIfAny } from '@seg/operators'
import type { Logger } from '../logger.ts'
import type { Edge, HandOff, RetryOutcome } from './sender-lanes.ts'
import { targetWords } from './target-words.ts'

/** Milliseconds between two looks at what was decided; letters under way at the same time. */
const LOOK_INTERVAL = 500
const LANES = 4

type Parts = {
  readonly ledger: Pick<LedgerReader, 'accepted'>
  readonly logger: Pick<Logger, 'error'>
  readonly edge: Edge
}
type Retrying = Pick<HandOff, 'target' | 'tryAgain'>

/** `data`: the folder with the decisions, which others may make at any time. */
export function retryLetters(
  data: string,
  handOffs: readonly Retrying[],
  { ledger, logger, edge }: Parts,
): { close(): Promise<void> } {
  const stop = new AbortController()
  const { signal } = stop
  let store: LetterStore | undefined

  const settle = async (letter: LetterDecision, open: LetterStore, { tryAgain }: Retrying) => {
    const begin = edge.elapsed()
    const [document] = await ledger.accepted(letter.index - 1, 1)
    const { reason } = await attempt(document, letter, tryAgain!, signal)
    // A try that was cut off says nothing: the next start makes it again.
    if (signal.aborted && reason !== undefined) return
    const at = edge.now().getTime()
    open.settle(letter, { isTaken: reason === undefined, reason, at })
    const outcome = reason === undefined ? 'taken' : 'given-up'
    const { target } = letter
    const facts = document && { partner: document.sender, document: document.id, ...sizeOf(document) }
    const totalTime = edge.elapsed() - begin
    edge.note({ kind: 'hand-off', outcome, at, target, ...facts, detail: reason, tries: letter.tries + 1, totalTime })
    if (reason !== undefined)
      logger.error(`${targetWords(target)} does not take the dead letter ${letter.index} either: ${reason}`)
  }

  const ended = pollLoop(
    async () => {
      store ??= await openLetterStoreIfAny(data)
      if (store === undefined) return
      for (const handOff of handOffs.filter(({ tryAgain }) => tryAgain !== undefined))
        for (let isMore = true; isMore && !signal.aborted; ) {
          const letters = store.waiting(handOff.target, LANES)
          isMore = letters.length > 0
          await Promise.all(letters.map(letter => settle(letter, store!, handOff)))
        }
    },
    { interval: LOOK_INTERVAL, signal, complain: line => logger.error(`dead letters: ${line}`) },
  )
  return {
    async close() {
      stop.abort()
      await ended
      store?.close()
    },
  }
}

async function attempt(
  document: AcceptedDocument | undefined,
  { index }: LetterDecision,
  tryAgain: NonNullable<Retrying['tryAgain']>,
  signal: AbortSignal,
): Promise<RetryOutcome> {
  try {
    if (document?.index !== index) throw new Fault('not-found', `the ledger has no document ${quote(`${index}`)}`)
    return await tryAgain(document, signal)
  } catch (error) {
    return { reason: asFault(error).message }
  }
}

function sizeOf({ sha256, bytes }: AcceptedDocument) {
  return { sha256, bytes }
}
