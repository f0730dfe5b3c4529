// Keys that are encrypted: the passphrase comes from a credential of systemd or a file beside the
// key, and the key is clear in memory alone.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { basename, join } from 'node:path'
import { Fault, readSecretFile, shellWord } from '@seg/core'

const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m

/**
 * The PEM of a key, decrypted where a passphrase is found; as it is where none is. Throws the Fault
 * `configuration` for a passphrase that is not the key's or that others may read.
 */
export async function decryptPem(path: string, text: string): Promise<string> {
  if (!ENCRYPTED.test(text)) return text
  const found = await findPassphrase(path)
  if (found === undefined) return text
  return decrypt(path, text, found).export({ format: 'pem', type: 'pkcs8' }) as string
}

/** Where a passphrase may be, in the order in which they are tried. */
export function passphrasePlaces(path: string): string[] {
  // systemd.exec(5): readable for the service alone, and gone with it.
  const credentials = process.env.CREDENTIALS_DIRECTORY
  const name = `${basename(path)}.passphrase`
  return [...(credentials ? [join(credentials, name)] : []), `${path}.passphrase`]
}

type Passphrase = { readonly place: string; readonly octets: Buffer }

async function findPassphrase(path: string): Promise<Passphrase | undefined> {
  for (const place of passphrasePlaces(path)) {
    try {
      const octets = await readSecretFile(place)
      // Editors and echo end the line.
      const end = octets.at(-1) !== 0x0a ? octets.length : octets.at(-2) === 0x0d ? -2 : -1
      return { place, octets: octets.subarray(0, end) }
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      const { code, message } = cause as NodeJS.ErrnoException
      if (code !== 'ENOENT') throw new Fault('configuration', `${place} cannot be read (${message})`, { cause })
    }
  }
  return undefined
}

function decrypt(path: string, text: string, { place, octets }: Passphrase): KeyObject {
  try {
    return createPrivateKey({ key: text, passphrase: octets })
  } catch (error) {
    // Its message may quote what it read.
    throw new Fault(
      'configuration',
      `${path} cannot be decrypted with the passphrase in ${place} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'}); \`openssl pkey -in ${path} -passin file:${place} -noout\` tries the same`,
      { command: `openssl pkey -in ${shellWord(path)} -passin ${shellWord(`file:${place}`)} -noout` },
    )
  }
}
