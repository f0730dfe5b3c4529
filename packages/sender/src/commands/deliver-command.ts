// `sender deliver`: the daemon. It reports each try on a line, and lets tries finish at a stop.
import { type Command, openServiceOutput, quote, readSettings } from '@seg/core'
import { stopPrompting } from '@seg/pki'
import { senderSections } from '../configuration-sections.ts'
import { sweepStaging } from '../delivery/delivery-files.ts'
import { runDeliveries } from '../delivery/delivery-loop.ts'
import { openGateway } from '../delivery/open-gateway.ts'
import { reportOutcome, type SendOutcome } from '../delivery/outcome.ts'
import { systemClock } from '../delivery/system-clock.ts'
import { DropFolder } from '../drop-folder/drop-folder.ts'

export async function runDeliver(_options: object, command: Command): Promise<void> {
  const output = openServiceOutput(command)
  const { to, concurrency, ...settings } = readSettings(
    command,
    ['certs', 'data', 'to', 'lifetime', 'concurrency'],
    senderSections,
  )
  await using gateway = await openGateway(
    { ...settings, config: command.opts().config },
    { note: output.say, clock: systemClock },
  )
  stopPrompting()
  const report = (outcome: SendOutcome) =>
    reportOutcome(output.json ? outcome : { ...outcome, file: quote(outcome.file) }, output)
  const drop = new DropFolder(gateway, to, (file, fault) => report({ file, fault, seconds: 0 }))
  await drop.open()
  await sweepStaging(gateway.data, gateway.clock.now().getTime())
  const { data, identity } = gateway
  output.report(
    { delivering: true, id: identity.id, data, to: to.origin, pid: process.pid },
    `${identity.id} delivers what is queued in ${data} and what is dropped into ${data}/outgoing, that to ${to.origin}; stop: Ctrl-C`,
  )
  const signal = signalOfStop()
  await Promise.all([runDeliveries(gateway, { concurrency, report, signal }), drop.watch(signal)])
  output.say('stopped')
}

/**
 * Aborted by Ctrl-C, or when the system ends the process; a second time, the process ends
 * at once.
 */
function signalOfStop(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  return stop.signal
}
