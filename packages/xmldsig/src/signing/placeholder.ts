// Where text of a document stands, and whether it is there to be filled in.

/** [from, to) of the document, in bytes from its start. */
export type Range = { readonly from: number; readonly to: number }

const TIMESTAMP_PLACEHOLDER = 'YYYY-MM-DDTHH:MM:SSZ'
/** Longer character data is neither a placeholder nor an indent. */
export const TEXT_BYTES = 512

export function isPlaceholder(text: string): boolean {
  const written = text.trim()
  return text.length <= TEXT_BYTES && (written === '' || written === TIMESTAMP_PLACEHOLDER)
}
