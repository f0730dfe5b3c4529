// A tree of so many entries as its perfect subtrees, the largest first (RFC 6962 2.1).

export type Peak = { readonly start: number; readonly end: number; readonly level: number }

export function peaksOf(size: number): Peak[] {
  const peaks: Peak[] = []
  let start = 0
  for (let level = 47; level >= 0; level--) {
    const width = 2 ** level
    if (Math.floor(size / width) % 2 === 0) continue
    peaks.push({ start, end: start + width, level })
    start += width
  }
  return peaks
}
