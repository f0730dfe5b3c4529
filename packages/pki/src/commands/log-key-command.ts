// `pki log-key`: options in, what was made and who needs it out.
import { join } from 'node:path'
import { type Command, Fault, openOutput, readSettings } from '@seg/core'
import { gatewayId } from '../certificate/gateway-id.ts'
import { addLogKey } from '../issuing/add-log-key.ts'
import { parseCertificate, readCertsFile } from '../pem-file.ts'
import { type EncryptOptions, readEncryption } from './encrypt-options.ts'

type Options = { readonly id?: string } & EncryptOptions

export async function runLogKey({ id, ...encryption }: Options, command: Command): Promise<void> {
  const { certs } = readSettings(command, ['certs'])
  const receiverId = id ?? (await readReceiverId(certs))
  const { verifierKey, isNew } = await addLogKey(certs, receiverId, await readEncryption(encryption))
  const text = [
    isNew ? `In ${certs}: log.key, and its line in log.pub:` : `log.key was there; its line is in log.pub now:`,
    `  ${verifierKey}`,
    'Give this line to your partners: it goes into their log.pub, beside the lines that are there.',
  ].join('\n')
  openOutput(command).report({ ok: true, verifierKey, key: join(certs, 'log.key'), isNew }, text)
}

async function readReceiverId(certs: string): Promise<string> {
  const path = join(certs, 'receiver.crt')
  const text = await readCertsFile(path, 'give the id of the receiver with --id, or bring its certificate first')
  try {
    return gatewayId(parseCertificate(path, text))
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault('configuration', `${path}: ${cause.detail}`, { cause })
  }
}
