// Looking again and again, until told to stop: at intervals, sooner when a bell rings, and on in
// spite of failures that may pass.
import { asFault } from './fault.ts'

export type Patrol = {
  /** Milliseconds. */
  readonly interval: number
  readonly wake?: Bell
  readonly signal: AbortSignal
  /** Told of a failure once, until it is over or another one. */
  readonly complain: (line: string) => void
}

/** Rung before it is waited for, it ends the wait at once. */
export class Bell {
  #isRung = false
  #hear = () => {}

  ring(): void {
    this.#isRung = true
    this.#hear()
  }

  /** Until it rings, for so many milliseconds at most, or until `signal`. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, milliseconds)
      this.#hear = resolve
      const stop = () => resolve()
      signal.addEventListener('abort', stop)
      await promise
      signal.removeEventListener('abort', stop)
      clearTimeout(timer)
    }
    this.#isRung = false
  }
}

/** Resolves after `signal`, when the look under way has ended. */
export async function patrol(
  look: () => Promise<void>,
  { interval, wake = new Bell(), signal, complain }: Patrol,
): Promise<void> {
  let complaint = ''
  while (!signal.aborted) {
    const failure = await look().then(
      () => '',
      error => asFault(error).message,
    )
    if (failure !== '' && failure !== complaint) complain(`cannot go on at the moment: ${failure}`)
    complaint = failure
    // A bell that rings on account of a failure would leave no pause.
    await (failure === '' ? wake : new Bell()).wait(interval, signal)
  }
}
