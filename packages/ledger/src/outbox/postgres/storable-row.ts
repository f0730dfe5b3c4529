// A text of PostgreSQL has no NUL.

export function storableRow<Value>(values: readonly Value[]): (Value | string)[] {
  return values.map(value => (typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value))
}
