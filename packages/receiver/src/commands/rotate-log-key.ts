// A new key for the log: an entry under the present key names the next one, and from there on that
// signs. A receiver that runs is asked to do it.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault, writeDurableFile } from '@seg/core'
import { type Opening, openLedgerReader, ROTATION, readLogKeys } from '@seg/ledger'
import {
  addVerifierKey,
  dropNextLogKey,
  findNextLogKey,
  loadLogKey,
  nextLogKey,
  type SealIdentity,
  takeNextLogKey,
} from '@seg/pki'
import { ROTATION_REQUEST } from '../credentials/follow-log-key.ts'
import { openSealedLedger } from '../open-ledger.ts'

export type Rotation = {
  /** The new line of log.pub. */
  readonly verifierKey: string
  /** Index of the entry that names it, and what opens that entry, for partners. */
  readonly index: number
  readonly opening: Opening
  /** False when a run before this one wrote the entry. */
  readonly isNew: boolean
  /** Folder with the former key; undefined when log.key was the new key already. */
  readonly kept: string | undefined
}

/**
 * Nothing is written before the ledger is open under the present key. Each step then leaves a state
 * that the next run continues from. Crash after the next key is made (`log.key.next`): nothing has
 * changed. After its line is in log.pub: a line that verifies nothing yet. After the entry: the
 * ledger requires the next key, so the receiver does not start until this ran again. After log.key
 * is the next key: the next run finds that it has signed nothing yet, and reports the same
 * rotation.
 */
export async function rotateLogKey(certs: string, data: string, seal: SealIdentity, now: Date): Promise<Rotation> {
  const present = await loadLogKey(certs, seal.id)
  const named = await lastNamed(data)
  if (named?.isUnused && named.verifierKey === present.verifierKey) return { ...named, isNew: false, kept: undefined }
  // A running receiver may have signed with it before it was stopped.
  if (named !== undefined && named.verifierKey !== present.verifierKey && (await isNext(named.verifierKey)))
    return { ...named, isNew: false, kept: await takeNextLogKey(certs, now) }
  const ledger = await openSealedLedger(data, seal, present)
  try {
    const { verifierKey } = await nextLogKey(certs, seal.id)
    await addVerifierKey(certs, verifierKey)
    const entry = { type: 'admin', action: ROTATION, subject: verifierKey, by: 'operator' } as const
    await ledger.rotateKey({ ...entry, at: now.toISOString() }, verifierKey).catch(async error => {
      // Nothing was entered. After any other failure that is not known, and the key must stay.
      if (error instanceof Fault && error.code === 'clock-behind') await dropNextLogKey(certs, verifierKey)
      throw error
    })
  } finally {
    await ledger.close()
  }
  const rotation = await lastNamed(data)
  if (rotation === undefined) throw new TypeError('the ledger does not know the key that it was given')
  return { ...rotation, isNew: true, kept: await takeNextLogKey(certs, now) }

  async function isNext(verifierKey: string): Promise<boolean> {
    const next = await findNextLogKey(certs, seal.id)
    return next?.verifierKey === verifierKey
  }
}

/** The key that the log was given last, by an entry; `isUnused`: nothing is signed with it yet. */
async function lastNamed(data: string) {
  const last = (await readLogKeys(data)).at(-1)
  if (last === undefined) throw noLedger(data)
  if (last.from === 0) return undefined
  const reader = openLedgerReader(data)
  try {
    const [index, size] = [last.from - 1, await reader.log.size()]
    const opening = await reader.opening(index)
    if (opening === undefined)
      throw new Fault('log-invalid', `entry ${index}, which names the key of the log, is erased`)
    return { index, verifierKey: last.verifierKey, opening, isUnused: size === last.from }
  } finally {
    await reader.close()
  }
}

/** The line of the key that the next rotation takes, for partners: the same until then. */
export async function prepareLogKey(certs: string, { id }: Pick<SealIdentity, 'id'>): Promise<string> {
  const { verifierKey } = await nextLogKey(certs, id)
  await addVerifierKey(certs, verifierKey)
  return verifierKey
}

/** Milliseconds for a running receiver to take the next key, and between two looks. */
const PATIENCE = 30_000
const LOOK_INTERVAL = 50

/**
 * The same by the receiver that holds the ledger. Throws the Fault `storage-unavailable` when it
 * does not do it in time.
 */
export async function askForRotation(certs: string, data: string, { id }: Pick<SealIdentity, 'id'>): Promise<Rotation> {
  const verifierKey = await prepareLogKey(certs, { id })
  // Crash before: a next key, which the next run takes. After: the receiver takes it, and the next
  // run names another one.
  await writeDurableFile(join(data, ROTATION_REQUEST), `${verifierKey}\n`, { mode: 0o600, replace: true })
  for (const end = performance.now() + PATIENCE; performance.now() < end; await pause(LOOK_INTERVAL)) {
    if (existsSync(join(data, ROTATION_REQUEST))) continue
    const named = await lastNamed(data)
    if (named?.verifierKey !== verifierKey) break
    // Throws when log.key is not the next key by now, with what to do.
    if ((await loadLogKey(certs, id)).verifierKey !== verifierKey) break
    return { ...named, isNew: true, kept: undefined }
  }
  await rm(join(data, ROTATION_REQUEST), { force: true })
  throw new Fault(
    'storage-unavailable',
    `the receiver that holds ${data} did not take the next key of the log: its output says why; ` +
      'log.key.next is kept for the next run',
  )
}

function noLedger(data: string): Fault {
  return new Fault(
    'configuration',
    `expected the ledger of a receiver that has started once in ${data}, ` +
      'found none: name its data folder with --data, or start it; nothing was written',
  )
}
