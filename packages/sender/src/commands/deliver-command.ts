// `sender deliver`: the daemon. It reports each try on a line, and lets tries finish at a stop.
import { hostname } from 'node:os'
import { type Command, openServiceOutput, quote, readSettings, surviveHangup } from '@seg/core'
import { openDesk, openTracer } from '@seg/operators'
import { stopPrompting } from '@seg/pki'
import { senderSections } from '../configuration-sections.ts'
import { readDestination } from '../credentials/destination.ts'
import { followSender } from '../credentials/follow-sender.ts'
import { runDeliveries } from '../delivery/delivery-loop.ts'
import { openGateway } from '../delivery/open-gateway.ts'
import { reportOutcome, type SendOutcome } from '../delivery/outcome.ts'
import { systemClock } from '../delivery/system-clock.ts'
import { DropFolder } from '../drop-folder/drop-folder.ts'
import { sweepStaging } from '../files/delivery-files.ts'
import { runAnnouncements } from '../rollover/announcement-loop.ts'
import { version } from './acts.ts'
import { openExplained } from './delivery-checks.ts'

export async function runDeliver(_options: object, command: Command): Promise<void> {
  surviveHangup()
  const output = openServiceOutput(command)
  const {
    to,
    concurrency,
    deskDays,
    deskBytes,
    tracing,
    tracingCa: ca,
    ...settings
  } = readSettings(
    command,
    [
      'certs',
      'data',
      'outbox',
      'outboxPassword',
      'to',
      'lifetime',
      'concurrency',
      'deskDays',
      'deskBytes',
      'tracing',
      'tracingCa',
    ],
    senderSections,
  )
  const { config } = command.opts()
  const resource = { service: 'seg-sender', instance: hostname(), version }
  const tracer =
    tracing === 'off' ? undefined : await openTracer({ url: tracing, ca, ...resource, complain: output.say })
  await using gateway = await openExplained(command, () =>
    openGateway({ ...settings, config }, { note: output.say, clock: systemClock, tracer }),
  )
  stopPrompting()
  const report = (outcome: SendOutcome) =>
    reportOutcome(output.json ? outcome : { ...outcome, file: quote(outcome.file) }, output)
  const [source, fallback] = [command.getOptionValueSource('to'), command.getOptionValue('to')]
  const destination = () => readDestination(to, source, fallback, gateway.receivers)
  const drop = new DropFolder(gateway, destination, (file, fault) => report({ file, fault, seconds: 0 }))
  await drop.open()
  await sweepStaging(gateway.data, gateway.clock.now().getTime())
  const { data, identity, receivers } = gateway
  const { given, otherwise } = destination()
  const where =
    given?.origin ??
    [...(receivers.size > 0 ? ['its receiver'] : []), ...(otherwise ? [otherwise.origin] : [])].join(', else ')
  output.report(
    {
      ...{ delivering: true, id: identity.id, data, to: (given ?? otherwise)?.origin ?? null },
      ...{ receivers: receivers.size, pid: process.pid },
    },
    `${identity.id} delivers what is queued in ${data} and what is dropped into ${data}/outgoing, ` +
      `that to ${where}; stop: Ctrl-C`,
  )
  const retention = { days: deskDays, bytes: deskBytes }
  const desk = openDesk({ folder: data, retention, outbox: data }, line => output.say(line))
  const signal = signalOfStop()
  const live = {
    get current() {
      return { ...gateway }
    },
    replace: gateway.replace,
  }
  const following = followSender({ certs: settings.certs, config }, live, { now: gateway.clock.now, note: output.say })
  await Promise.all([
    runDeliveries(gateway, { concurrency, report, signal }),
    drop.watch(signal),
    runAnnouncements(gateway, signal),
  ])
  await following.close()
  await desk.close()
  await tracer?.close()
  output.say('stopped')
}

/**
 * Aborted by Ctrl-C, or when the system ends the process; a second time, the process ends
 * at once.
 */
function signalOfStop(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  return stop.signal
}
