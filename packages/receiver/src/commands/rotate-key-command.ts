// `receiver log rotate-key`: a new key for the log, and what partners need of it.
import { type Command, openOutput, readSettings } from '@seg/core'
import { loadIdentity } from '@seg/pki'
import { rotateLogKey } from './rotate-log-key.ts'

export async function runRotateKey(_options: object, command: Command): Promise<void> {
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const { verifierKey, index, kept } = await rotateLogKey(certs, data, await loadIdentity(certs, 'seal'), new Date())
  const text = [
    index === undefined
      ? 'the entry that names the new key was there already; log.key is the new key now'
      : `entry ${index} of the log names the new key; log.key is the new key now`,
    ...(kept === undefined ? [] : [`the former key is kept in ${kept}`]),
    'Each partner adds this line to its log.pub before the receiver starts again, and keeps the others:',
    `  ${verifierKey}`,
  ].join('\n')
  openOutput(command).report({ ok: true, verifierKey, entry: index ?? null, kept: kept ?? null }, text)
}
