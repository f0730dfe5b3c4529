// Figures as Markdown, for the terminal and for README.md.

export function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]!.length)))
  const writeRow = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`
  const [first = 0, ...others] = widths
  const rule = `| ${['-'.repeat(first), ...others.map(width => `${'-'.repeat(width - 1)}:`)].join(' | ')} |`
  return [writeRow(head), rule, ...rows.map(writeRow)].join('\n')
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!
}

/** Three digits; of thousands, all. */
export function formatTime(milliseconds: number): string {
  return milliseconds < 1000 ? milliseconds.toPrecision(3) : formatCount(milliseconds)
}

export const formatMegabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
export const formatCount = (count: number) => Math.round(count).toLocaleString('en')

export function formatSize(bytes: number): string {
  if (bytes < 1e6) return `${bytes / 1e3} kB`
  return bytes < 1e9 ? `${bytes / 1e6} MB` : `${bytes / 1e9} GB`
}
