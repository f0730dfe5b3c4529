// Whether a certificate may be relied on: a path to an authority (RFC 5280 6.1), in date, not
// revoked, made for its use.
import type { X509Certificate } from 'node:crypto'
import { type Decision, decide, type Moment } from './decide.ts'
import { judge, type PathOutcome, type Question, toBadPath } from './judge.ts'
import { PathRefusal } from './refusal.ts'
import { noRevocationLists, type RevocationLists } from './revocation-lists.ts'
import type { PathVerdict } from './verdict.ts'

export type PathRequest = Question & Moment & { readonly revocation?: RevocationLists }

/**
 * Judges everything again; on the way of requests, `openDecisions` remembers what does not change.
 */
export function validatePath(request: PathRequest): PathVerdict {
  return verdictOf(judge(request), request)
}

function verdictOf(outcome: PathOutcome, request: PathRequest): PathVerdict {
  const decided = decideOn(outcome, request)
  return 'ok' in decided ? decided : decided.verdict
}

function decideOn(outcome: PathOutcome, request: PathRequest): Decision | PathVerdict {
  if ('bad' in outcome) return outcome.bad
  try {
    return decide(outcome.paths, request, request.revocation ?? noRevocationLists)
  } catch (error) {
    if (!(error instanceof PathRefusal)) throw error
    return toBadPath(error)
  }
}

/** What was found out about one certificate object, and the question that it answers. */
type Latest = {
  readonly request: PathRequest
  readonly outcome: PathOutcome
  decision: Decision | undefined
  revocation: RevocationLists
}

export type Decisions = {
  /** As `validatePath`. Dates and revocation are looked at on each use. */
  validate(request: PathRequest): PathVerdict
}

/** Verdicts of 1,024 certificates with their chains; the oldest gives way. */
export function openDecisions(remembered = 1024): Decisions {
  const latest = new WeakMap<X509Certificate, Latest>()
  const outcomes = new Map<string, PathOutcome>()

  function recall(request: PathRequest): PathOutcome {
    const { leaf, presented, anchors, purpose } = request
    const key = [anchors.generation, purpose, leaf.fingerprint256, ...presented.map(fingerprintOf)].join()
    const outcome = outcomes.get(key) ?? judge(request)
    outcomes.delete(key)
    outcomes.set(key, outcome)
    if (outcomes.size > remembered) outcomes.delete(outcomes.keys().next().value!)
    return outcome
  }

  return {
    validate(request) {
      const { leaf, at, isPast = false, revocation = noRevocationLists } = request
      const known = latest.get(leaf)
      const entry = known !== undefined && isSameQuestion(known.request, request) ? known : undefined
      const time = at.getTime()
      if (entry?.decision !== undefined && entry.revocation === revocation && !isPast) {
        const { from, to, verdict } = entry.decision
        if (from <= time && time <= to) return verdict
      }
      const outcome = entry?.outcome ?? recall(request)
      const decided = decideOn(outcome, request)
      const decision = 'ok' in decided || isPast ? undefined : decided
      latest.set(leaf, { request, outcome, decision, revocation })
      return 'ok' in decided ? decided : decided.verdict
    },
  }
}

function isSameQuestion(a: PathRequest, b: PathRequest): boolean {
  return a.anchors === b.anchors && a.purpose === b.purpose && a.presented === b.presented
}

function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256
}
