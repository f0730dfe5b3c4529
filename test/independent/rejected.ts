// The one way in which this verifier says no.
export class Rejected extends Error {
  override readonly name = 'Rejected'
}

export function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Rejected(otherwise)
}
