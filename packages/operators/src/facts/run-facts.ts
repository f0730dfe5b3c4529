// `facts list` and `facts count` of both gateways: what happened, from the desk; also while the
// gateway runs.
import { amount, type Command, escapeUnseen, Fault, quote, readSettings, writeList } from '@seg/core'
import type { DeskFilter } from '../desk/desk-query.ts'
import { type DeskSearch, openDeskSearch } from '../desk/desk-search.ts'
import { explainRefusal } from '../desk/explain.ts'
import type { KeptFact } from '../desk/fact-columns.ts'
import { type FactsOptions, filterNames } from './facts-options.ts'

/** Rows read at a time. */
const PAGE = 200

export async function runFactsList(options: FactsOptions, command: Command): Promise<void> {
  await withDesk(command, desk =>
    writeList(command, listFacts(desk, readFilter(options), options.limit ?? Number.POSITIVE_INFINITY), {
      name: 'facts',
      facts: factsOf,
      line: describeLine,
      empty: 'no facts',
    }),
  )
}

export async function runFactsCount(options: FactsOptions, command: Command): Promise<void> {
  const { from = Date.now() - 24 * 3600 * 1000, to = Date.now() } = readFilter(options)
  await withDesk(command, desk =>
    writeList(command, asIterable(desk.counts(from, to)), {
      name: 'counts',
      before: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
      facts: counted => ({ ...counted, partner: counted.partner ?? null }),
      line: ({ partner, kind, outcome, events, bytes }) =>
        `${String(events).padStart(10)}  ${kind} ${outcome}  ` +
        `${partner === undefined ? 'nobody known' : quote(partner)}  ${bytes} bytes`,
      empty: 'nothing in this time',
    }),
  )
}

async function withDesk(command: Command, use: (desk: DeskSearch) => Promise<void>): Promise<void> {
  const desk = openDeskSearch(readSettings(command, ['data']).data)
  try {
    await use(desk)
  } finally {
    desk.close()
  }
}

/** Newest first. */
async function* listFacts(desk: DeskSearch, filter: DeskFilter, limit: number): AsyncGenerator<KeptFact> {
  let left = limit
  let after: number | undefined
  do {
    const page = desk.page(filter, { limit: Math.min(left, PAGE), ...(after !== undefined && { after }) })
    for (const fact of page.facts) yield desk.withValues(fact)
    left -= page.facts.length
    after = page.next
  } while (after !== undefined && left > 0)
}

function readFilter(options: FactsOptions): DeskFilter {
  const given = filterNames.flatMap(name => (options[name] === undefined ? [] : [[name, options[name]]]))
  const from = readTime('--since', options.since)
  const to = readTime('--until', options.until)
  const where = options.where?.map(readWhere)
  return {
    ...Object.fromEntries(given),
    ...(where && { where }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  }
}

function readWhere(text: string): readonly [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new Fault('usage', `expected --where NAME=VALUE, such as case-number=4711, found ${quote(text)}`)
  return [name, value.trim()]
}

function readTime(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time))
    throw new Fault('usage', `expected ${flag} TIME, such as 2026-11-28T10:30:00Z, found ${quote(text)}`)
  return time
}

function factsOf({ position, isRecorded, at, ...fact }: KeptFact) {
  const refusal = explainRefusal(fact)
  return {
    id: String(position),
    at: new Date(at).toISOString(),
    ...fact,
    recorded: isRecorded,
    ...(refusal && { refusal }),
  }
}

function describeLine(fact: KeptFact): string {
  const { at, kind, outcome, partner, address, document, code, count } = fact
  const from = partner === undefined ? (address ?? 'an unknown address') : quote(partner)
  const name = document === undefined ? '' : ` ${quote(document)}`
  const many = count === undefined ? '' : ` (${amount(count, 'time')})`
  const values = Object.entries(fact.values ?? {}).map(([name, all]) => `\n    ${name}: ${all.map(quote).join(', ')}`)
  const missing = Object.entries(fact.notIndexed ?? {}).map(
    ([name, why]) => `\n    ${name === '' ? 'its values' : name}: not evaluated: ${escapeUnseen(why)}`,
  )
  const heading =
    `${new Date(at).toISOString()}  ${kind}${name} of ${from}: ` +
    `${outcome}${many}${code === undefined ? '' : `, ${code}`}`
  const refusal = explainRefusal(fact)
  if (values.length > 0 || missing.length > 0) return [heading, ...values, ...missing].join('')
  if (refusal === undefined) return fact.detail === undefined ? heading : `${heading}: ${fact.detail}`
  const { check, expected, found, remedy } = refusal
  return `${heading}\n    check ${check}: expected ${expected}; found ${found}\n    what to do: ${remedy}`
}

async function* asIterable<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}
