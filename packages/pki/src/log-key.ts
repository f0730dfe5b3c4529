// The key of the transparency log: Ed25519, its public half as a C2SP signed-note verifier key.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { Fault, formatVerifierKey } from '@seg/core'
import { exportPrivateKey } from './issuing/key-pairs.ts'
import { parsePrivateKey, readCertsFile, readKeyFile } from './pem-file.ts'

/**
 * A new log key: PKCS #8 PEM, encrypted where a passphrase is given, and `name+hash+base64` with a
 * name made of the receiver's id.
 */
export function makeLogKey(receiverId: string, passphrase?: Buffer): { privateKey: string; verifierKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    privateKey: exportPrivateKey(privateKey, passphrase),
    verifierKey: formatVerifierKey(logName(receiverId), publicKey),
  }
}

/**
 * A log's name, the private key that signs its checkpoints, and the verifier key that goes
 * with it.
 */
export type LogIdentity = { readonly name: string; readonly privateKey: KeyObject; readonly verifierKey: string }

/**
 * Reads `log.key`, and that `log.pub` has its line. Throws the Fault `configuration` when they do
 * not belong together, or not to this receiver.
 */
export async function loadLogKey(certs: string, receiverId: string): Promise<LogIdentity> {
  const log = await readLogKey(certs, receiverId)
  if (!(await loadVerifierKeys(certs)).includes(log.verifierKey))
    throw new Fault(
      'configuration',
      `log.pub in ${certs} has no line for the key in log.key and the log ${log.name}: ` +
        `expected ${log.verifierKey}; \`pnpm --filter pki log-key\` adds it`,
    )
  return log
}

/** Reads `log.key`, or another file, alone. Throws the Fault `configuration`. */
export async function readLogKey(certs: string, receiverId: string, file = 'log.key'): Promise<LogIdentity> {
  const keyPath = join(certs, file)
  const pem = await readKeyFile(keyPath, '`pnpm --filter pki log-key` makes it for a log that is new')
  const privateKey = parsePrivateKey(keyPath, pem)
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Fault('configuration', `expected an Ed25519 key in ${keyPath}, found ${privateKey.asymmetricKeyType}`)
  const name = logName(receiverId)
  return { name, privateKey, verifierKey: formatVerifierKey(name, createPublicKey(privateKey)) }
}

/**
 * The name of a receiver's log: its id, in UTF-8, with all but A-Z a-z 0-9 - _ . ~ percent-encoded
 * (a note's key name has no space and no plus).
 */
export function logName(receiverId: string): string {
  return encodeURIComponent(receiverId).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * The verifier keys in `log.pub`, a line each. Throws the Fault `configuration` when the file is
 * missing; what a key says is not looked at.
 */
export async function loadVerifierKeys(certs: string): Promise<string[]> {
  const text = await readCertsFile(join(certs, 'log.pub'))
  return text.split('\n').flatMap(line => (line.trim() === '' ? [] : [line.trim()]))
}
