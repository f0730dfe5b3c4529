// What came of the documents that were sent: numbers and times. Times are in milliseconds.

export type Quantiles = { readonly p50: number; readonly p99: number; readonly p999: number; readonly longest: number }

export type Outcome = {
  /** From the beginning to the last answer. */
  readonly seconds: number
  readonly accepted: number
  /** By status. 0: the connection broke. */
  readonly refused: Readonly<Record<number, number>>
  /** From arrival to receipt. */
  readonly latency: Quantiles
  /** From arrival to a refusal. */
  readonly refusal: Quantiles
  /** p99 of those that arrived in each second of the run. */
  readonly p99BySecond: readonly number[]
  /** How much of a core the generator had, 1 being all: near that, the figures are its own. */
  readonly generatorLoad: number
}

export class Tally {
  readonly #begin = performance.now()
  readonly #processor = process.cpuUsage()
  readonly #accepted: number[] = []
  readonly #refused: number[] = []
  readonly #statuses: Record<number, number> = {}
  readonly #bySecond: number[][] = []

  /** `arrival`: when it should have been sent, by performance.now(). */
  add(status: number, isAccepted: boolean, arrival: number): void {
    const time = performance.now() - arrival
    if (!isAccepted) {
      this.#refused.push(time)
      this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
      return
    }
    this.#accepted.push(time)
    const second = Math.floor((arrival - this.#begin) / 1000)
    this.#bySecond[second] ??= []
    this.#bySecond[second].push(time)
  }

  end(): Outcome {
    const seconds = (performance.now() - this.#begin) / 1000
    const { user, system } = process.cpuUsage(this.#processor)
    return {
      seconds,
      accepted: this.#accepted.length,
      refused: this.#statuses,
      latency: findQuantiles(this.#accepted),
      refusal: findQuantiles(this.#refused),
      p99BySecond: Array.from(this.#bySecond, times => findQuantiles(times ?? []).p99),
      generatorLoad: (user + system) / 1e6 / seconds,
    }
  }
}

function findQuantiles(times: readonly number[]): Quantiles {
  const sorted = Float64Array.from(times).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), longest: at(1) }
}
