// `receiver log rotate-key`: a new key for the log, and what partners need of it.
import { type Command, openOutput, readSettings } from '@seg/core'
import { loadIdentity } from '@seg/pki'
import { rotateLogKey } from './rotate-log-key.ts'

export async function runRotateKey(_options: object, command: Command): Promise<void> {
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const { verifierKey, index, opening, isNew, kept } = await rotateLogKey(
    certs,
    data,
    await loadIdentity(certs, 'seal'),
    new Date(),
  )
  const [facts, nonce] = [opening.facts.toString('base64'), opening.nonce.toString('base64')]
  const text = [
    isNew
      ? `entry ${index} of the log names the new key; log.key is the new key now`
      : `entry ${index} of the log names the new key, from an earlier run; log.key is the new key, and has signed nothing yet`,
    ...(kept === undefined ? [] : [`the former key is kept in ${kept}`]),
    'Each partner adds this line to its log.pub before the receiver starts again, and keeps the others:',
    `  ${verifierKey}`,
    'Who verifies the whole log also needs what opens that entry (docs/log.md):',
    `  facts ${facts}`,
    `  nonce ${nonce}`,
  ].join('\n')
  openOutput(command).report({ ok: true, verifierKey, entry: index, facts, nonce, isNew, kept: kept ?? null }, text)
}
