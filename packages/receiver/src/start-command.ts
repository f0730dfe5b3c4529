// `receiver start`: opens what is needed, listens, says so, and stops in an orderly way.
import { type Command, openOutput, readSettings } from '@seg/core'
import closeWithGrace from 'close-with-grace'
import { openLog } from './log.ts'
import { openGate } from './open-gate.ts'
import { startReceiver } from './start-receiver.ts'

export async function runStart(_options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs, data, host, port, clockSkew } = readSettings(command, ['certs', 'data', 'host', 'port', 'clockSkew'])
  const log = openLog({ isTerminal: process.stderr.isTTY === true })
  const gate = await openGate({ certs, data, clockSkew }, () => new Date())
  const receiver = await startReceiver({ ...gate, log }, { host, port }).catch(async error => {
    await gate.store.close()
    throw error
  })
  // Twice the time that open requests get, should closing itself hang.
  closeWithGrace({ delay: 2 * gate.limits.closingTime, logger: log }, async ({ signal, err }) => {
    if (err) log.error({ err }, 'stopping after a defect')
    else log.info(`stopping on ${signal ?? 'request'}`)
    await receiver.close()
    await gate.store.close()
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
