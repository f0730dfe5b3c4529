// `--encrypt` and `--passphrase-file`, of all commands that make keys.
import { type Command, Fault } from '@seg/core'
import { readNewPassphrase } from '../passphrases/new-passphrase.ts'

export type EncryptOptions = { readonly encrypt?: boolean; readonly passphraseFile?: string }

export function addEncryption(command: Command): Command {
  return command
    .option('--encrypt', 'encrypt new keys (AES-256, PBKDF2)')
    .option('--passphrase-file <file>', 'with the passphrase in this file; else in SEG_KEY_PASSPHRASE, or typed')
}

/** The passphrase of new keys; undefined: they are in clear. */
export async function readEncryption({ encrypt = false, passphraseFile }: EncryptOptions): Promise<Buffer | undefined> {
  if (encrypt) return readNewPassphrase(passphraseFile)
  if (passphraseFile !== undefined) throw new Fault('usage', '--passphrase-file is for --encrypt: give that as well')
  return undefined
}
