// The attempts of an entry of the outbox, as JSON and for people, with the gaps of what was not
// recorded.
import { escapeUnseen } from '@seg/core'
import type { Attempt } from '@seg/ledger'

export function attemptFacts({ number, startedAt, duration, ...attempt }: Attempt) {
  return { attempt: number, startedAt: new Date(startedAt).toISOString(), duration, ...attempt }
}

/** The latest first, down to the first of `tries`. */
export function describeAttempts(attempts: readonly Attempt[], tries: number): string[] {
  const lines: string[] = []
  let next = tries
  for (const attempt of attempts) {
    lines.push(...describeGap(attempt.number + 1, next), describeAttempt(attempt))
    next = attempt.number - 1
  }
  return [...lines, ...describeGap(1, next)]
}

function describeGap(from: number, to: number): string[] {
  if (from > to) return []
  return [`${from === to ? from : `${from} to ${to}`}: not recorded`]
}

function describeAttempt(attempt: Attempt): string {
  const { number, outcome, code, detail, status, address, request } = attempt
  const parts = [
    `${outcome} after ${(attempt.duration / 1000).toFixed(2)} s`,
    ...(address === undefined ? [] : [`from ${address}`]),
    ...(status === undefined ? [] : [`HTTP status ${status}`]),
    ...(request === undefined ? [] : [request]),
    ...(code === undefined ? [] : [`${code}: ${detail}`]),
  ]
  return escapeUnseen(`${number}: ${new Date(attempt.startedAt).toISOString()}, ${parts.join(', ')}`)
}
