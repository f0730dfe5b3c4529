// Runs a campaign for a while; what it finds is made as small as fast-check can.
import fc from 'fast-check'
import type { Campaign } from './campaign.ts'
import { Finding, show } from './finding.ts'
import { Tape, tapes } from './tape.ts'

export type Found = {
  readonly campaign: string
  readonly what: string
  readonly document: Buffer
  readonly seed: number
  /**
   * Where in the run it is, for fast-check to find it again; undefined for what another program
   * found in a batch.
   */
  readonly path: string | undefined
}

/**
 * Far more than some hundred runs take: what was found is not made smaller for longer than this.
 */
const LONGEST_MS = 60_000

export type Outcome = { readonly cases: number; readonly found: Found | undefined }

/** `runs` runs from `seed`, or the one at `path`; `isLast` when no more will follow. */
export function runCampaign(campaign: Campaign, seed: number, runs: number, isLast: boolean, path?: string): Outcome {
  let cases = 0
  const property = fc.property(fc.tuple(...campaign.tapes.map(tapes)), choices => {
    cases += campaign.judge(...choices.map(bytes => new Tape(bytes)))
  })
  const details = fc.check(property, {
    seed,
    numRuns: path === undefined ? runs : 1,
    ...(path !== undefined && { path }),
    interruptAfterTimeLimit: LONGEST_MS,
  })
  if (details.failed)
    return { cases, found: describe(campaign, details.errorInstance, seed, details.counterexamplePath ?? undefined) }
  try {
    campaign.finish?.(isLast)
    return { cases, found: undefined }
  } catch (error) {
    return { cases, found: describe(campaign, error, seed, undefined) }
  }
}

/** Also an error of any other kind is a finding: the engine throws Faults only. */
function describe({ name }: Campaign, error: unknown, seed: number, path: string | undefined): Found {
  const document = error instanceof Finding ? error.document : Buffer.alloc(0)
  const what = error instanceof Finding ? error.message : String(error instanceof Error ? error.stack : error)
  return { campaign: name, what, document, seed, path }
}

export function report({ campaign, what, document, seed, path }: Found): string {
  return `${campaign}, seed ${seed}${path === undefined ? '' : `, path ${path}`}\n${show(document)}\n${what}`
}
