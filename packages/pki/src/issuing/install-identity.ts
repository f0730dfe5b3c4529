// A certificate and its key take the place of those that a gateway uses; these are kept.
import { join } from 'node:path'
import { Fault, readInput } from '@seg/core'
import { parseCertificate, parsePrivateKey, readCertsFile, readKeyFile } from '../pem-file.ts'
import { replaceFiles } from './new-files.ts'

/**
 * `from`: where the two stand, without `.crt` and `.key`; a key stays encrypted as it is. Resolves
 * with the folder of those before. Crash between the two files: a running gateway keeps what it
 * has, and to install them again completes it. Throws the Faults `configuration` and
 * `file-unreadable`.
 */
export async function installIdentity(certs: string, name: string, from: string, now: Date): Promise<string> {
  const [certificatePath, keyPath] = [`${from}.crt`, `${from}.key`]
  const certificatePem = await readCertsFile(certificatePath, 'expected the next certificate there')
  const key = parsePrivateKey(keyPath, await readKeyFile(keyPath, 'expected the key of the next certificate there'))
  if (!parseCertificate(certificatePath, certificatePem).checkPrivateKey(key))
    throw new Fault('configuration', `${keyPath} is not the key of ${certificatePath}; nothing was written`)
  const files = [
    { name: `${name}.key`, text: readInput(keyPath, { onlyFile: true }).toString('utf8') },
    { name: `${name}.crt`, text: certificatePem },
  ]
  return replaceFiles(join(certs), files, now)
}
