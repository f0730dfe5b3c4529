// Octets gathered in one buffer that is used again and again: what passes through leaves no
// garbage.

export class OctetBuffer {
  #buffer = Buffer.allocUnsafeSlow(1024)
  #length = 0

  /** Good until the next `clear` or `append`. */
  get octets(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  append(octets: Uint8Array): void {
    const length = this.#length + octets.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(2 * length)
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    this.#buffer.set(octets, this.#length)
    this.#length = length
  }

  clear(): void {
    this.#length = 0
  }
}
