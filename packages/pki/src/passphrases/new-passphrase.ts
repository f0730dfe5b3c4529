// The passphrase for keys that a command makes: from a file, the environment or a terminal.
import { Fault, resolveUserPath } from '@seg/core'
import { PASSPHRASE_VARIABLE, readPassphraseFile, unreadable } from './find-passphrase.ts'
import { askTwice } from './prompt.ts'

export const SHORTEST = 8

/**
 * For new keys. Throws the Faults `usage`, when there is none or it is short, and `configuration`.
 */
export async function readNewPassphrase(file: string | undefined): Promise<Buffer> {
  const octets =
    (await fromFile(file)) ?? fromEnvironment(PASSPHRASE_VARIABLE) ?? (await askTwice('Passphrase for the new keys: '))
  if (octets === undefined)
    throw new Fault(
      'usage',
      'keys are encrypted with a passphrase: expected it with --passphrase-file FILE, ' +
        `in ${PASSPHRASE_VARIABLE}, or typed at a terminal`,
    )
  if (octets.length < SHORTEST)
    throw new Fault('usage', `expected a passphrase of at least ${SHORTEST} octets, found ${octets.length}`)
  return octets
}

export async function fromFile(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  const path = resolveUserPath(file)
  return readPassphraseFile(path).catch((cause: Error) => {
    throw cause instanceof Fault ? cause : unreadable(path, cause)
  })
}

export function fromEnvironment(name: string): Buffer | undefined {
  const text = process.env[name]
  return text === undefined || text === '' ? undefined : Buffer.from(text)
}
