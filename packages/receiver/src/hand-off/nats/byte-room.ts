// A semaphore for bytes in memory: who asks for more than there is goes in alone, in order.
export class ByteRoom {
  readonly #size: number
  #free: number
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = []

  constructor(size: number) {
    this.#size = size
    this.#free = size
  }

  /** Disposing of what it returns gives the bytes back. */
  async enter(wanted: number): Promise<Disposable> {
    const bytes = Math.min(wanted, this.#size)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ bytes, enter: resolve })
    this.#admit()
    await promise
    return {
      [Symbol.dispose]: () => {
        this.#free += bytes
        this.#admit()
      },
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#free -= next.bytes
      this.#waiting.shift()
      next.enter()
    }
  }
}
