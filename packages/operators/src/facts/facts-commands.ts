// `facts list` and `facts count` of both gateways, as a program describes them.
import { addSettings, type Command, onDemand, parseLimit } from '@seg/core'
import { type FactsOptions, filterNames } from './facts-options.ts'

type Run = (options: FactsOptions, command: Command) => Promise<void>

/** Adds them to a program; `wrap` is what its other reading commands are wrapped in. */
export function addFactsCommands(
  program: Command,
  { data, about, wrap }: { readonly data: string; readonly about: string; readonly wrap: (run: Run) => Run },
): void {
  const facts = program.command('facts').description(`what happened to ${about}`)
  const listing = facts.command('list').description('the newest first; with several filters, what all of them hold for')
  for (const name of filterNames) listing.option(`--${name} <value>`, `only those with this ${name}`)
  listing.option('--where <name=value...>', 'only documents with this value, of those that seg.yaml indexes')
  const since = ['--since <time>', 'from this time on, such as 2026-11-28T10:30:00Z'] as const
  const until = ['--until <time>', 'before this time'] as const
  listing
    .option(...since)
    .option(...until)
    .option('--limit <number>', 'only so many', parseLimit)
  addSettings(listing, { data }).action(wrap(onDemand(() => import('./run-facts.ts').then(it => it.runFactsList))))
  const counting = facts.command('count').description('how many of each partner, kind and outcome; of the last day')
  addSettings(counting.option(...since).option(...until), { data }).action(
    wrap(onDemand(() => import('./run-facts.ts').then(it => it.runFactsCount))),
  )
}
