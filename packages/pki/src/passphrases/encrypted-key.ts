// Keys that are encrypted: the passphrase comes from a credential of systemd, a file beside the
// key, the environment or a person at a terminal, and the key is clear in memory alone.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { Fault, shellWord } from '@seg/core'
import { findPassphrase, type Passphrase } from './find-passphrase.ts'
import { askOnce } from './prompt.ts'

const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m

/** A key as it is used, and the passphrase that its file is encrypted with. */
export type DecryptedPem = { readonly pem: string; readonly passphrase?: Buffer }

/**
 * The PEM of a key, decrypted where a passphrase is found; as it is where none is. Throws the Fault
 * `configuration` for a passphrase that is not the key's or that others may read.
 */
export async function decryptPem(path: string, text: string): Promise<DecryptedPem> {
  if (!ENCRYPTED.test(text)) return { pem: text }
  const found = await findPassphrase(path)
  if (found !== undefined) return toPem(decrypt(path, text, found), found.octets)
  let key: KeyObject | undefined
  const octets = await askOnce(path, `Passphrase of ${path}: `, candidate => {
    key = tryDecrypt(text, candidate)
    return key !== undefined
  })
  return octets === undefined ? { pem: text } : toPem(key ?? decrypt(path, text, { octets }), octets)
}

function toPem(key: KeyObject, passphrase: Buffer): DecryptedPem {
  return { pem: key.export({ format: 'pem', type: 'pkcs8' }) as string, passphrase }
}

function tryDecrypt(key: string, passphrase: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey({ key, passphrase })
  } catch {
    return undefined
  }
}

type Found = Pick<Passphrase, 'octets'> & Partial<Passphrase>

function decrypt(path: string, text: string, { octets, title = 'that was typed', opensslName }: Found): KeyObject {
  try {
    return createPrivateKey({ key: text, passphrase: octets })
  } catch (error) {
    // Its message may quote what it read.
    const cause = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    const command = (name: string, word = shellWord(path)) => `openssl pkey -in ${word} -passin ${name} -noout`
    throw new Fault(
      'configuration',
      `${path} cannot be decrypted with the passphrase ${title} ` +
        `(${cause})${opensslName === undefined ? '' : `; \`${command(opensslName, path)}\` tries the same`}`,
      opensslName === undefined ? {} : { command: command(shellWord(opensslName)) },
    )
  }
}
