// What bounds a batch: how long others wait for a node that was stopped with the lock, and for one
// whose key takes its time.

/**
 * Milliseconds that the writer's session may be silent in a transaction, in which it seals. It
 * grows with the slowest seal, up to more than the 10 s that a token is given for a signature
 * (docs/high-availability.md).
 */
export const [SILENCE, LONGEST_SILENCE] = [4000, 15_000]

/**
 * Settings of the session. Whoever waits for the lock waits longer than its holder may be silent.
 */
export function limitsFor(silence: number) {
  return {
    lock_timeout: formatTime(silence + 1000),
    idle_in_transaction_session_timeout: formatTime(silence),
    statement_timeout: formatTime(silence + 2000),
  }
}

export const writerForm = {
  purpose: 'writer',
  session: { ...limitsFor(SILENCE), synchronous_commit: 'on' },
} as const

/** For all of a batch before its commit, longer than these limits: the server is gone. */
export function workTimeFor(silence: number): number {
  return 2 * silence + 1000
}

/** As the server shows it. */
function formatTime(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}
