// `receiver start`: opens what is needed, listens, says so, and stops in an orderly way.
import { resolve } from 'node:path'
import { type Command, openOutput, readSettings } from '@seg/core'
import closeWithGrace from 'close-with-grace'
import { startHandOff } from './hand-off/hand-off.ts'
import { openInbox } from './hand-off/inbox.ts'
import { openLog } from './log.ts'
import { closeGate, openGate } from './open-gate.ts'
import { startReceiver } from './start-receiver.ts'

const startSettings = ['certs', 'data', 'host', 'port', 'clockSkew', 'documentLimit', 'secondOpinion', 'inbox', 'rateLimit'] as const

export async function runStart(_options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { host, port, inbox, ...settings } = readSettings(command, startSettings)
  const { certs, data } = settings
  const log = openLog({ isTerminal: process.stderr.isTTY === true })
  const gate = await openGate(settings, () => new Date())
  const receiver = await startReceiver({ ...gate, log }, { host, port }).catch(async error => {
    await closeGate(gate)
    throw error
  })
  const inboxFolder = inbox === 'off' ? undefined : resolve(data, inbox)
  const handOff = inboxFolder === undefined ? undefined : startHandOff(openInbox(inboxFolder, gate.ledger), gate.ledger, log)
  // Twice the time that open requests get, should closing itself hang.
  closeWithGrace({ delay: 2 * gate.limits.closingTime, logger: log }, async ({ signal, err }) => {
    if (err) log.error({ err }, 'stopping after a defect')
    else log.info(`stopping on ${signal ?? 'request'}`)
    await Promise.all([receiver.close(), handOff?.close()])
    await closeGate(gate)
    log.info('stopped')
  })
  const { id } = gate.identity
  output.report(
    { listening: receiver.url, id, certs, data, inbox: inboxFolder ?? null, pid: process.pid },
    [
      `${id} listens on ${receiver.url} (TLS 1.3, client certificates of ${certs}/ca.crt)`,
      `documents are kept in ${data}${inboxFolder ? `, and handed on in ${inboxFolder}` : ''}`,
      'next: pnpm --filter sender send sample_document.xml      then: pnpm --filter receiver documents list      stop: Ctrl-C',
    ].join('\n'),
  )
}
