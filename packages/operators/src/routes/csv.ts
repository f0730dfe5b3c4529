// Rows as CSV (RFC 4180) that a spreadsheet shows and never evaluates.

/** What begins a formula in spreadsheets, in the widths that they read (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/

/** A line with its end. Text is made safe; numbers and truth values are our own. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvCell).join(',')}\r\n`
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
