// Memory of octets that are used no more, given back at once. It lies outside of the heap, and the
// collector would go through all of that for it.

/** A document in memory of so many bytes or more has an ArrayBuffer of its own. */
export const NEEDS_OWN_MEMORY = 16 * 1024

/**
 * To be called by whoever owns them: nothing can be read from `octets` any more. Does nothing with
 * few of them, or with a part of memory that may be another's.
 */
export function releaseOctets({ buffer, length }: Uint8Array): void {
  if (length >= NEEDS_OWN_MEMORY && length === buffer.byteLength) (buffer as ArrayBuffer).transfer(0)
}
