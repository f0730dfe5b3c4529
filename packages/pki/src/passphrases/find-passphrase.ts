// Where the passphrase of a key may be, the safest place first.
import { basename, join } from 'node:path'
import { Fault, readSecretFile } from '@seg/core'

/**
 * For all keys of a process. The weakest place: children inherit it, and root and crash dumps see
 * it.
 */
export const PASSPHRASE_VARIABLE = 'SEG_KEY_PASSPHRASE'

export type Passphrase = {
  readonly octets: Buffer
  /** For people, after "the passphrase". */
  readonly title: string
  /** Where openssl finds it: openssl-passphrase-options(1). */
  readonly opensslName: string
}

/**
 * Throws the Fault `configuration` for a file that others may read. Undefined: none is there.
 */
export async function findPassphrase(path: string): Promise<Passphrase | undefined> {
  for (const place of filesOf(path)) {
    const octets = await readPassphraseFile(place).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined
      throw cause instanceof Fault ? cause : unreadable(place, cause)
    })
    if (octets !== undefined) return { octets, title: `in ${place}`, opensslName: `file:${place}` }
  }
  const text = process.env[PASSPHRASE_VARIABLE]
  if (text === undefined || text === '') return undefined
  return { octets: Buffer.from(text), title: `in ${PASSPHRASE_VARIABLE}`, opensslName: `env:${PASSPHRASE_VARIABLE}` }
}

/** The places, for a sentence that says where to put it. */
export function passphrasePlaces(path: string): string[] {
  return [...filesOf(path), PASSPHRASE_VARIABLE]
}

function filesOf(path: string): string[] {
  // systemd.exec(5): readable for the service alone, and removed with it.
  const credentials = process.env.CREDENTIALS_DIRECTORY
  // The key that is to follow log.key has its passphrase.
  const key = path.replace(/\.next$/, '')
  return [...(credentials ? [join(credentials, `${basename(key)}.passphrase`)] : []), `${key}.passphrase`]
}

/** What stands in a secret file, without the end of its line. Throws errors of the system. */
export async function readPassphraseFile(path: string): Promise<Buffer> {
  const octets = await readSecretFile(path)
  // Editors and echo end the line.
  const end = octets.at(-1) !== 0x0a ? octets.length : octets.at(-2) === 0x0d ? -2 : -1
  return octets.subarray(0, end)
}

export function unreadable(path: string, cause: Error): Fault {
  return new Fault('configuration', `${path} cannot be read (${cause.message})`, { cause })
}
