// A new key for the log: an entry under the present key names the next one, and from there on that
// signs. The receiver is stopped.
import { ROTATION, readLogKeys } from '@seg/ledger'
import { addVerifierKey, type Identity, loadLogKey, nextLogKey, takeNextLogKey } from '@seg/pki'
import { openSealedLedger } from '../open-ledger.ts'

export type Rotation = {
  /** The new line of log.pub. */
  readonly verifierKey: string
  /** Index of the entry that names it; undefined when a run before this one wrote it. */
  readonly index: number | undefined
  /** Folder with the former key. */
  readonly kept: string | undefined
}

/**
 * Each step leaves a state that the next run goes on from. Crash after the next key is made
 * (`log.key.next`): nothing has changed. After its line is in log.pub: a line that verifies nothing
 * yet. After the entry: the ledger wants the next key, so the receiver does not start until this
 * ran again.
 */
export async function rotateLogKey(certs: string, data: string, seal: Identity, now: Date): Promise<Rotation> {
  const present = await loadLogKey(certs, seal.id)
  const named = readLogKeys(data)
  const next = await nextLogKey(certs, seal.id)
  await addVerifierKey(certs, next.verifierKey)
  const isNamed = named.at(-1)?.verifierKey === next.verifierKey
  const index = isNamed ? undefined : await nameNextKey()
  return { verifierKey: next.verifierKey, index, kept: await takeNextLogKey(certs, now) }

  async function nameNextKey(): Promise<number> {
    const ledger = await openSealedLedger(data, seal, present)
    try {
      const entry = { type: 'admin', action: ROTATION, subject: next.verifierKey, by: 'operator' } as const
      return await ledger.rotateKey({ ...entry, at: now.toISOString() }, next.verifierKey)
    } finally {
      await ledger.close()
    }
  }
}
