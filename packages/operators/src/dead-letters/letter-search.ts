// Dead letters with what was decided of them, filtered, beside an index of the log.
import { Fault } from '@seg/core'
import type { DeadLetter, DeadLetterPlace, LedgerReader } from '@seg/ledger'
import type { Position } from '../api/cursors.ts'
import type { LetterDecision, LetterKey, LetterState, LetterStore } from './letter-store.ts'

export type Letter = LetterKey &
  Pick<DeadLetter, 'document' | 'at' | 'reason'> & {
    readonly state: LetterState
    readonly decision: LetterDecision | undefined
  }

/** All that are given must hold. `from` and `to`: RFC 3339, of the moment it was given up. */
export type LetterFilter = {
  readonly state?: string | undefined
  readonly target?: string | undefined
  readonly partner?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export type LetterSource = {
  readonly ledger: Pick<LedgerReader, 'deadLetterPage'>
  /** Undefined while nobody has decided anything. */
  readonly decisions: Pick<LetterStore, 'decisions'> | undefined
}

/** Documents that are read at a time, and that one question looks through at most. */
const PAGE = 500
const MOST_READ = 50_000
/** Letters are counted up to here. */
const MOST_COUNTED = 10_000
/** Letters that one act may change. */
export const MOST_AT_ONCE = 5000

/** The latest first; `next` and `prev` are indexes to go on from. */
export async function pageOfLetters(source: LetterSource, filter: LetterFilter, position: Position) {
  const isBack = 'before' in position
  const place = isBack ? { above: position.before } : { below: position.after ?? Number.MAX_SAFE_INTEGER }
  const { documents, end } = await walk(source, filter, place, position.limit + 1)
  const isMore = documents.length > position.limit
  const shown = documents.slice(0, position.limit)
  const farthest = isMore ? shown.at(-1)?.[0]?.index : end
  const nearest = shown[0]?.[0]?.index
  const letters = (isBack ? shown.reverse() : shown).flat()
  if (isBack) return { letters, next: nearest, prev: farthest }
  return { letters, next: farthest, prev: position.after === undefined ? undefined : nearest }
}

/** How many letters match; `isExact` false: as many at least. */
export async function countLetters(source: LetterSource, filter: LetterFilter) {
  const { documents, end } = await walk(source, filter, { below: Number.MAX_SAFE_INTEGER }, MOST_COUNTED)
  return { count: documents.flat().length, isExact: end === undefined && documents.length < MOST_COUNTED }
}

/** All that match, for one act. Throws the Fault `parameter-invalid` for more than may be. */
export async function allLetters(source: LetterSource, filter: LetterFilter): Promise<Letter[]> {
  const { documents, end } = await walk(source, filter, { below: Number.MAX_SAFE_INTEGER }, MOST_AT_ONCE + 1)
  const letters = documents.flat()
  if (end !== undefined || letters.length > MOST_AT_ONCE)
    throw new Fault(
      'parameter-invalid',
      `expected a filter that ${MOST_AT_ONCE} dead letters match at most, found more`,
    )
  return letters
}

/** Those of one document. Throws the Fault `not-found` for one without. */
export async function lettersAt(source: LetterSource, index: number): Promise<Letter[]> {
  const letters = join(await source.ledger.deadLetterPage(1, { below: index + 1 }), source)
  const [latest] = letters
  if (latest?.index !== index) throw new Fault('not-found', `no dead letter has the index ${index}`)
  return letters
}

/**
 * Documents from a place on, the nearest first, with those of their letters that match. `end`: the
 * index at which reading stopped before the last document.
 */
async function walk(source: LetterSource, filter: LetterFilter, from: DeadLetterPlace, most: number) {
  const documents: Letter[][] = []
  const isBack = 'above' in from
  let place = from
  for (let read = 0; documents.length < most; read += PAGE) {
    const found = join(await source.ledger.deadLetterPage(PAGE, place), source)
    const groups = [...Map.groupBy(found, ({ index }) => index).values()]
    if (isBack) groups.reverse()
    documents.push(...groups.map(group => group.filter(letter => fits(letter, filter))).filter(({ length }) => length))
    if (groups.length < PAGE) return { documents: documents.slice(0, most), end: undefined }
    const last = groups.at(-1)![0]!.index
    if (read + PAGE >= MOST_READ && documents.length < most) return { documents, end: last }
    place = isBack ? { above: last } : { below: last }
  }
  return { documents: documents.slice(0, most), end: undefined }
}

function join(letters: readonly DeadLetter[], { decisions }: LetterSource): Letter[] {
  if (letters.length === 0) return []
  const indexes = letters.map(({ document }) => document.index)
  const decided = decisions?.decisions(Math.min(...indexes), Math.max(...indexes)) ?? []
  const keyOf = ({ index, target }: LetterKey) => `${index} ${target}`
  const byKey = new Map(decided.map(decision => [keyOf(decision), decision]))
  return letters.map(({ cursor, document, at, reason }) => {
    // A cursor is named by its target and sender.
    const key = { index: document.index, target: cursor.split(' ', 1)[0] ?? cursor }
    const decision = byKey.get(keyOf(key))
    return { ...key, document, at, reason, state: decision?.state ?? 'open', decision }
  })
}

function fits({ state, target, document, at }: Letter, filter: LetterFilter): boolean {
  return (
    (filter.state === undefined || filter.state === state) &&
    (filter.target === undefined || filter.target === target) &&
    (filter.partner === undefined || filter.partner === document.sender) &&
    (filter.from === undefined || Date.parse(at) >= Date.parse(filter.from)) &&
    (filter.to === undefined || Date.parse(at) < Date.parse(filter.to))
  )
}
