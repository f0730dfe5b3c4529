// Octets copied four at a time: for up to a few hundred, cheaper than a call out of JavaScript.

export type ShortOctets = { readonly words: DataView; readonly length: number }

export class Octets implements ShortOctets {
  readonly bytes: Buffer
  readonly words: DataView
  readonly length: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.length = bytes.length
  }
}

export const NO_OCTETS: Octets = new Octets(Buffer.alloc(0))

/** Copies `length` octets; returns the index behind them in `into`. */
export function copyWords(from: DataView, at: number, length: number, into: DataView, to: number): number {
  const last = length - 4
  if (last < 0) {
    for (let i = 0; i < length; i++) into.setUint8(to + i, from.getUint8(at + i))
    return to + length
  }
  for (let i = 0; i < last; i += 4) into.setInt32(to + i, from.getInt32(at + i, true), true)
  into.setInt32(to + last, from.getInt32(at + last, true), true)
  return to + length
}
