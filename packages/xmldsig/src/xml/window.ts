// The part of a document that is being read, copied to one buffer at an address that compiled code
// has as a constant.

/** Octets taken at a time: few enough to be hashed while still in the processor's cache. */
export const WINDOW_BYTES: number = 64 * 1024
/** A whole window, and a token before it that was cut off. */
export const WINDOW_CAPACITY: number = 2 * WINDOW_BYTES
/** Octets read at once, from the last of the window on. */
const WORD_BYTES = 4

export const window: Buffer = Buffer.allocUnsafeSlow(WINDOW_CAPACITY + WORD_BYTES)
export const windowWords: DataView = new DataView(window.buffer)
export const windowPairs: Uint16Array = new Uint16Array(window.buffer)
