// What the load generator sends with: one connection that stays, and one request under way on it.

/** Where a server listens, and what the client needs to be admitted, in PEM. */
export type Target = { readonly port: number; readonly ca: string; readonly cert: string; readonly key: string }

/**
 * `lean` costs so little that the server is what is measured; `https` and `undici` are what most
 * partners in Node use.
 */
export type ClientKind = 'lean' | 'https' | 'undici'

/** Stands for a status when the connection broke before the answer. */
export const BROKEN = 0

export interface Client {
  open(): Promise<void>
  /**
   * Sends a document and resolves with the status of the answer. Connects again when the server
   * closed the connection.
   */
  post(document: readonly Buffer[]): Promise<number>
  close(): void
}
