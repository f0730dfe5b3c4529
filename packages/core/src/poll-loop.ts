// A poll loop: polls at intervals, or sooner when it is woken, until its signal; failures that may
// pass do not end it.
import { asFault } from './fault.ts'

export type PollOptions = {
  /** Milliseconds between two polls. */
  readonly interval: number
  readonly wake?: Wake
  /** Ends the loop. */
  readonly signal: AbortSignal
  /** Called once for each failure, until it is over or another one occurs. */
  readonly complain: (line: string) => void
}

/** Ends a wait early. A trigger before the wait begins ends it at once. */
export class Wake {
  #isTriggered = false
  #end = () => {}

  trigger(): void {
    this.#isTriggered = true
    this.#end()
  }

  /** Waits for the trigger, at most so many milliseconds, or until `signal`. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#isTriggered && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, milliseconds)
      this.#end = resolve
      const stop = () => resolve()
      signal.addEventListener('abort', stop)
      await promise
      signal.removeEventListener('abort', stop)
      clearTimeout(timer)
    }
    this.#isTriggered = false
  }
}

/** Resolves after `signal`, when the poll under way has ended. */
export async function pollLoop(
  look: () => Promise<void>,
  { interval, wake = new Wake(), signal, complain }: PollOptions,
): Promise<void> {
  let complaint = ''
  while (!signal.aborted) {
    const failure = await look().then(
      () => '',
      error => asFault(error).message,
    )
    if (failure !== '' && failure !== complaint) complain(`cannot go on at the moment: ${failure}`)
    complaint = failure
    // A failure that triggers the wake would leave no pause.
    await (failure === '' ? wake : new Wake()).wait(interval, signal)
  }
}
