// Rows as PostgreSQL takes them: no text of it has a NUL, which becomes U+FFFD.

export function storableRow<Value>(values: readonly Value[]): (Value | string)[] {
  return values.map(value => (typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value))
}
