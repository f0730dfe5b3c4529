// What `facts list` and `facts count` are given.

export type FactsOptions = Partial<Record<(typeof filterNames)[number] | 'since' | 'until', string>> & {
  readonly limit?: number
  readonly where?: readonly string[]
}

export const filterNames = [
  'kind',
  'outcome',
  'partner',
  'code',
  'document',
  'sha256',
  'certificate',
  'address',
  'request',
] as const
