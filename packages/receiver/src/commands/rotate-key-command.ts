// `receiver log rotate-key`: a new key for the log, and what partners need of it.
import { type Command, openOutput, readSettings } from '@seg/core'
import { isFolderLocked } from '@seg/ledger'
import { loadSeal } from '@seg/pki'
import { askForRotation, prepareLogKey, rotateLogKey } from './rotate-log-key.ts'

type Options = { readonly prepare?: boolean }

export async function runRotateKey({ prepare }: Options, command: Command): Promise<void> {
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const seal = await loadSeal(certs)
  if (prepare === true) {
    const next = await prepareLogKey(certs, seal)
    return openOutput(command).report(
      { ok: true, prepared: true, verifierKey: next },
      'log.key.next is there, and signs nothing yet. Each partner adds this line to its log.pub:\n' +
        `  ${next}\nThen: pnpm --filter receiver log rotate-key`,
    )
  }
  const isRunning = isFolderLocked(data)
  const rotation = isRunning ? askForRotation(certs, data, seal) : rotateLogKey(certs, data, seal, new Date())
  const { verifierKey, index, opening, isNew, kept } = await rotation
  const [facts, nonce] = [opening.facts.toString('base64'), opening.nonce.toString('base64')]
  const text = [
    isNew
      ? `entry ${index} of the log names the new key; log.key is the new key now`
      : `entry ${index} of the log names the new key, from an earlier run; log.key is the new key now`,
    ...(kept === undefined ? [] : [`the former key is kept in ${kept}`]),
    'Each partner adds this line to its log.pub ' +
      `${isRunning ? 'now' : 'before the receiver starts again'}, and keeps the others:`,
    `  ${verifierKey}`,
    'Who verifies the whole log also needs what opens that entry (docs/log.md):',
    `  facts ${facts}`,
    `  nonce ${nonce}`,
  ].join('\n')
  openOutput(command).report({ ok: true, verifierKey, entry: index, facts, nonce, isNew, kept: kept ?? null }, text)
}
