// Why a check failed: what was expected and found, and the fields of the receipt that it concerns.

export class NotProven extends Error {
  readonly fields: readonly string[]

  constructor(detail: string, fields: readonly string[] = []) {
    super(detail)
    this.name = 'NotProven'
    this.fields = fields
  }
}

/** What a check needs and nobody gave. */
export class NotGiven extends Error {}

/** What cannot be decided with what was given, and is said instead of decided. */
export class NotJudged extends Error {}

export function expectProven(holds: boolean, detail: string, fields: readonly string[] = []): asserts holds {
  if (!holds) throw new NotProven(detail, fields)
}
