// `receiver start`: opens what is needed, listens, says so, and stops in an orderly way.
import { type Command, openOutput, readSettings } from '@seg/core'
import closeWithGrace from 'close-with-grace'
import { openLog } from './log.ts'
import { closeGate, openGate } from './open-gate.ts'
import { startReceiver } from './start-receiver.ts'

const startSettings = ['certs', 'data', 'host', 'port', 'clockSkew', 'documentLimit', 'secondOpinion'] as const

export async function runStart(_options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { host, port, ...settings } = readSettings(command, startSettings)
  const { certs, data } = settings
  const log = openLog({ isTerminal: process.stderr.isTTY === true })
  const gate = await openGate(settings, () => new Date())
  const receiver = await startReceiver({ ...gate, log }, { host, port }).catch(async error => {
    await closeGate(gate)
    throw error
  })
  // Twice the time that open requests get, should closing itself hang.
  closeWithGrace({ delay: 2 * gate.limits.closingTime, logger: log }, async ({ signal, err }) => {
    if (err) log.error({ err }, 'stopping after a defect')
    else log.info(`stopping on ${signal ?? 'request'}`)
    await receiver.close()
    await closeGate(gate)
    log.info('stopped')
  })
  const { id } = gate.identity
  output.report(
    { listening: receiver.url, id, certs, data, pid: process.pid },
    [
      `${id} listens on ${receiver.url} (TLS 1.3, client certificates of ${certs}/ca.crt)`,
      `documents are kept in ${data}`,
      'next: pnpm --filter sender send sample_document.xml      then: pnpm --filter receiver documents list      stop: Ctrl-C',
    ].join('\n'),
  )
}
