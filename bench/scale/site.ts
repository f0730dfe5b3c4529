// What is measured, whatever it is made of: programs that enter documents into a ledger.

/** Certificates as `pki gen` makes them, and an empty folder for data. */
export type Site = { readonly certs: string; readonly folder: string }

/** Milliseconds from the arrival of a document to its acceptance. */
export type Entered = {
  readonly accepted: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
}

export type Loaded = {
  readonly pids: readonly number[]
  /** As many documents as fast as they are taken, all of which are accepted. */
  runClosed(documents: number): Promise<Entered>
  /** So many a second. */
  runOpen(rate: number, seconds: number): Promise<Entered>
}
