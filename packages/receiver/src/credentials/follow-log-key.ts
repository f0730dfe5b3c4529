// The next key of the log, taken while the receiver runs: a file in the data folder asks for it,
// and its end says that it is done.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, pollLoop, readInput } from '@seg/core'
import { ROTATION } from '@seg/ledger'
import { findNextLogKey, takeNextLogKey } from '@seg/pki'
import type { Gate } from '../gate.ts'
import type { Logger } from '../logger.ts'

/** Holds the verifier key of the next key, whose private half is `log.key.next`. */
export const ROTATION_REQUEST = 'rotate-log-key'

/** Milliseconds between two looks. */
const LOOK_INTERVAL = 500

export function followLogKey(certs: string, gate: Gate, logger: Logger): { close(): Promise<void> } {
  const stop = new AbortController()
  const ended = pollLoop(() => rotateIfAsked(certs, gate, logger), {
    interval: LOOK_INTERVAL,
    signal: stop.signal,
    complain: line => logger.error(`the key of the log stays: ${line}`),
  })
  return {
    async close() {
      stop.abort()
      await ended
    },
  }
}

/**
 * Crash before the entry: it is asked for still. After: the ledger requires the next key, and
 * `receiver log rotate-key` renames it to log.key.
 */
async function rotateIfAsked(certs: string, { data, ledger, credentials, now }: Gate, logger: Logger): Promise<void> {
  const request = join(data, ROTATION_REQUEST)
  const asked = readRequest(request)
  if (asked === undefined) return
  try {
    const next = await findNextLogKey(certs, credentials.current.seal.id)
    if (next?.verifierKey !== asked) throw new Fault('configuration', 'log.key.next is not the key that was asked for')
    const { name, privateKey, verifierKey } = next
    const entry = { type: 'admin', action: ROTATION, subject: verifierKey, by: 'operator' } as const
    const index = await ledger.rotateKey({ ...entry, at: now().toISOString() }, verifierKey, { name, privateKey })
    const kept = await takeNextLogKey(certs, now())
    logger.warn(`the log has another key: entry ${index} names ${verifierKey}; the former one is kept in ${kept}`)
  } finally {
    // Asked for once: what failed is tried again when an operator asks again.
    await rm(request, { force: true })
  }
}

function readRequest(path: string): string | undefined {
  try {
    return readInput(path, { onlyFile: true, most: 1024 }).toString('utf8').trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Fault('storage-unavailable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}
