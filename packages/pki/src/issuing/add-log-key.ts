// `pki log-key`: a key for the log of one receiver, and its line in log.pub, beside those that are
// there.
import { lstat, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, syncFolder } from '@seg/core'
import { type LogIdentity, makeLogKey, readLogKey } from '../log-key.ts'
import { readCertsFile, readKeyAndPassphrase } from '../pem-file.ts'
import { keepFiles } from './keep-files.ts'
import { writeCertsFile } from './write-certs-file.ts'

export type AddedLogKey = {
  readonly verifierKey: string
  /** False when log.key was there, and only its line was missing. */
  readonly isNew: boolean
}

/**
 * Throws the Fault `file-exists` when log.key and its line are there; another key for a log that
 * exists comes of `receiver log rotate-key`.
 */
export async function addLogKey(certs: string, receiverId: string, passphrase?: Buffer): Promise<AddedLogKey> {
  const keyPath = join(certs, 'log.key')
  if (await isThere(keyPath)) {
    const { verifierKey } = await readLogKey(certs, receiverId)
    if (await addVerifierKey(certs, verifierKey)) return { verifierKey, isNew: false }
    throw new Fault(
      'file-exists',
      `nothing was written: ${keyPath} is there and log.pub has its line; ` +
        '`pnpm --filter receiver log rotate-key` changes the key of a log',
    )
  }
  const { privateKey, verifierKey } = makeLogKey(receiverId, passphrase)
  // Crash after: log.pub has the line of a key that was lost, which verifies nothing.
  await addVerifierKey(certs, verifierKey)
  await writeCertsFile(keyPath, privateKey)
  return { verifierKey, isNew: true }
}

/**
 * Adds a line to log.pub; false when it is there. Lines that are there stay, for what was signed
 * under their keys.
 */
export async function addVerifierKey(certs: string, verifierKey: string): Promise<boolean> {
  const path = join(certs, 'log.pub')
  const text = (await isThere(path)) ? await readCertsFile(path) : ''
  if (text.split('\n').some(line => line.trim() === verifierKey)) return false
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
  await writeCertsFile(path, `${whole}${verifierKey}\n`, { replace: true })
  return true
}

const NEXT = 'log.key.next'

/**
 * The key that is to follow log.key, in `log.key.next`: made, or that of a run that was cut off.
 * Durable when it resolves.
 */
export async function nextLogKey(certs: string, receiverId: string): Promise<LogIdentity> {
  const path = join(certs, NEXT)
  if (!(await isThere(path))) {
    // Encrypted as the key is that it follows.
    const { passphrase } = await readKeyAndPassphrase(join(certs, 'log.key'))
    await writeCertsFile(path, makeLogKey(receiverId, passphrase).privateKey)
  }
  return readLogKey(certs, receiverId, NEXT)
}

/** The one in `log.key.next`; undefined when there is none. */
export async function findNextLogKey(certs: string, receiverId: string): Promise<LogIdentity | undefined> {
  return (await isThere(join(certs, NEXT))) ? readLogKey(certs, receiverId, NEXT) : undefined
}

/**
 * Takes back a next key that no entry names and that has signed nothing: its line, then
 * `log.key.next`. Crash on the way: a next key that the next run takes.
 */
export async function dropNextLogKey(certs: string, verifierKey: string): Promise<void> {
  const path = join(certs, 'log.pub')
  const lines = (await readCertsFile(path)).split('\n').filter(line => line.trim() !== verifierKey)
  await writeCertsFile(path, lines.join('\n'), { replace: true })
  await rm(join(certs, NEXT), { force: true })
  await syncFolder(certs)
}

/**
 * `log.key.next` becomes log.key, which is kept in the folder that is returned. Crash on the way:
 * the next run does it again.
 */
export async function takeNextLogKey(certs: string, now: Date): Promise<string | undefined> {
  const kept = await keepFiles(certs, ['log.key'], now)
  await rename(join(certs, NEXT), join(certs, 'log.key'))
  await syncFolder(certs)
  return kept
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    error => {
      if (error.code === 'ENOENT') return false
      throw new Fault('file-unreadable', `cannot look at ${path}: ${error.message}`, { cause: error })
    },
  )
}
