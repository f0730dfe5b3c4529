// `receiver start`: opens what is needed, listens, reports it, and finishes open requests at a
// stop.
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { isatty } from 'node:tty'
import {
  type Command,
  copySettings,
  explainFault,
  openServiceOutput,
  readSection,
  readSettings,
  shellWord,
  showSettings,
  surviveHangup,
} from '@seg/core'
import { alertsSection, auditSection, forwardRecords, openAlertChannels, openAuditSinks } from '@seg/operators'
import { stopPrompting } from '@seg/pki'
import closeWithGrace from 'close-with-grace'
import { runAudit } from '../audit/run-audit.ts'
import { receiverSections } from '../configuration-sections.ts'
import { answersOf } from '../console/answers.ts'
import { prepareOperatorsListener } from '../console/operators-listener.ts'
import { followCredentials } from '../credentials/follow-credentials.ts'
import { followLists } from '../credentials/follow-lists.ts'
import { followLogKey } from '../credentials/follow-log-key.ts'
import { followStaple } from '../credentials/follow-staple.ts'
import { followStatuses } from '../credentials/follow-statuses.ts'
import { retryLetters } from '../hand-off/retry-letters.ts'
import { describeHandOffs, handOffSettings, readHandOffs, reportHandOffs, startHandOffs } from '../hand-off/targets.ts'
import { type RunningReceiver, startReceiver } from '../http/start-receiver.ts'
import { indexDocuments } from '../indexing/index-documents.ts'
import { openFileLogger, openLogger } from '../logger.ts'
import { DocumentTraces, openReceiverTracer } from '../measures/document-traces.ts'
import { leadAlerts } from '../measures/lead-alerts.ts'
import { openGatewayMeasure } from '../measures/measure-gateway.ts'
import { watchReadiness } from '../measures/readiness.ts'
import { openReadyListener } from '../measures/ready-listener.ts'
import { closeGate, openGate } from '../open-gate.ts'
import { consoleCertificateOf, watchOwnCertificates } from '../own-certificates.ts'
import { startConnectionProcesses } from '../processes/connection-processes.ts'
import { processesOf } from '../processes/processes-of.ts'
import { checksOfStart, startSettings } from './start-settings.ts'

export async function runStart(_options: object, command: Command): Promise<void> {
  try {
    await start(command)
  } catch (error) {
    throw await explainFault(error, checksOfStart(command))
  }
}

/**
 * SIGHUP does not stop. After those of the processor no code of ours can run: with a listener, a
 * process that crashed would hang instead of ending (Node, `Signal events`).
 */
const skipped = ['SIGHUP', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const

async function start(command: Command): Promise<void> {
  surviveHangup()
  const output = openServiceOutput(command)
  const { host, port, logFile, ...settings } = readSettings(command, startSettings, receiverSections)
  const count = processesOf(settings.processes)
  const { certs, data, proxyProtocol, readyListen, node = hostname() } = settings
  const { config } = command.opts()
  const handOffs = await readHandOffs(command, data)
  const { path, value } = readSection(config, auditSection)
  const alerts = readSection(config, alertsSection)
  // The desk's thread opens them again: here only what cannot be used is found.
  await openAlertChannels(alerts.path, alerts.value)
  const sinks = await openAuditSinks(path, value)
  const {
    logger,
    write,
    close: closeLogger,
  } = logFile === undefined ? openLogger({ isTerminal: isatty(2), node }) : openFileLogger(logFile, node)
  const complain = (line: string) => logger.warn(line)
  const tracer = await openReceiverTracer(settings, node, complain)
  const traces = tracer && new DocumentTraces(tracer)
  const stopLater = holdStop()
  const started = copySettings(command, [...startSettings, ...handOffSettings])
  const listener = prepareOperatorsListener({ ...settings, config, started })
  const opened = await openGate({ ...settings, node, config }, () => new Date(), complain).catch(async error => {
    await listener.discard()
    throw error
  })
  const gate = { ...opened, traces }
  let receiver: RunningReceiver | undefined
  const readiness = watchReadiness(gate, () => receiver?.processes?.())
  const eventGaps = { value: 0 }
  const answers = answersOf(
    gate,
    readiness,
    showSettings(command, startSettings),
    config,
    [...handOffs.keys()],
    eventGaps,
  )
  const operators = await listener.open(answers, logger).catch(async error => {
    await readiness.close()
    await closeGate(gate)
    throw error
  })
  const staple = followStaple(gate, logger)
  const close = async (error: unknown): Promise<never> => {
    await Promise.all([readiness.close(), operators?.close(), staple.close()])
    await closeGate(gate)
    throw error
  }
  // The last step that takes time: from here on a signal finds everything in place.
  const balancers = proxyProtocol === 'off' ? [] : proxyProtocol
  const place = { host, port }
  const starting =
    count === 1
      ? startReceiver({ ...gate, logger, staple, balancers }, place)
      : startConnectionProcesses({ gate, logger, write, tracer, staple, balancers, node }, place, count)
  const running = await starting.catch(close)
  receiver = running
  const ready =
    readyListen === 'off'
      ? undefined
      : await openReadyListener(readyListen, readiness, logger).catch(error => running.close().then(() => close(error)))
  const clock = { now: gate.now, elapsed: () => performance.now(), random: Math.random }
  const edge = { ...clock, load: running.load, ...(traces?.follow(gate.desk.note) ?? { note: gate.desk.note }) }
  const handingOn = startHandOffs(handOffs, { ledger: gate.ledger, logger, edge })
  const retrying = retryLetters(data, handingOn, { ledger: gate.ledger, logger, edge })
  const room = gate.room.watch(logger)
  const indexing = indexDocuments(
    data,
    () => gate.credentials.current.documents.types,
    line => logger.error(line),
  )
  const consoleCertificate = consoleCertificateOf(certs, settings.adminPort)
  const expiry = watchOwnCertificates(gate, consoleCertificate, logger)
  stopPrompting()
  const auditing = gate.audit && runAudit(gate.audit, gate, logger)
  const forwarding = gate.audit && forwardRecords(gate.audit, sinks, line => logger.error(line))
  const leading = gate.ledger.isShared ? leadAlerts(gate, logger) : undefined
  const following = followCredentials({ certs, data, config }, gate, logger, auditing)
  const measured = {
    receiver: running,
    handOffs: handingOn,
    forwarding,
    readiness,
    consoleCertificate,
    credentials: following,
    eventGaps,
  }
  gate.desk.measureWith(openGatewayMeasure(gate, measured))
  const logKey = followLogKey(certs, gate, logger)
  const lists = followLists({ data }, gate, logger, () => following.look())
  const statuses = followStatuses(gate, logger)
  // Twice the time that open requests get, should closing itself hang.
  const drainTime = settings.drainTime * 1000
  const stopping = { delay: drainTime + 2 * gate.limits.closingTime, logger, skip: [...skipped] }
  closeWithGrace(stopping, async ({ signal, err }) => {
    if (err) logger.error({ err }, 'stopping after a defect')
    else logger.info(`stopping on ${signal ?? 'request'}`)
    readiness.drain()
    if (!err) await drain(running, drainTime)
    await Promise.all([lists.close(), statuses.close(), staple.close(), logKey.close()])
    await following.close()
    await indexing.close()
    await auditing?.close()
    await retrying.close()
    await Promise.all([forwarding?.close(), readiness.close()])
    expiry.close()
    room.close()
    await leading?.close()
    await ready?.close()
    await Promise.all([running.close(), operators?.close(), ...handingOn.map(running => running.close())])
    await closeGate(gate)
    await tracer?.close()
    logger.info('stopped')
    await closeLogger()
  })
  stopLater()
  const { id } = gate.credentials.current.identity
  output.report(
    {
      listening: running.url,
      ...(count > 1 && { processes: count }),
      id,
      certs,
      data,
      operators: operators?.url ?? null,
      ready: ready?.url ?? null,
      certificateLogin: operators?.certificateLogin ?? null,
      ...reportHandOffs(handOffs),
      pid: process.pid,
    },
    [
      `${id} listens on ${running.url} (TLS 1.3, client certificates of ${certs}/ca.crt)`,
      `documents are kept in ${data}${describeHandOffs(handOffs)}`,
      adviseNext(command, running.url, { certs, data }),
      ...(operators ? [`operators: ${operators.url}, with a link of \`pnpm --filter receiver console login\``] : []),
      ...(operators?.certificateLogin ? [`operators with a certificate: ${operators.certificateLogin}`] : []),
    ].join('\n'),
  )
}

/** Gives a load balancer time to see that the receiver is not ready and to choose another one. */
async function drain(receiver: RunningReceiver, time: number): Promise<void> {
  if (time === 0) return
  receiver.drain()
  await pause(time)
}

/**
 * A service manager's SIGTERM during the start stops the receiver once all is open, so that it ends
 * as usual; a second one ends it at once. Returns the end of that.
 */
function holdStop(): () => void {
  let isHeld = false
  const hold = () => {
    if (isHeld) process.exit(1)
    isHeld = true
  }
  process.on('SIGTERM', hold)
  return () => {
    process.off('SIGTERM', hold)
    if (isHeld) process.kill(process.pid, 'SIGTERM')
  }
}

/** What to type next, with the flags that put this run elsewhere: other commands need them, too. */
function adviseNext(command: Command, url: string, folders: { readonly certs: string; readonly data: string }): string {
  const flag = (name: 'certs' | 'data') =>
    [name, 'config'].some(source => command.getOptionValueSource(source) === 'cli')
      ? ` --${name} ${shellWord(folders[name])}`
      : ''
  const to = url.startsWith('https://localhost:') && !url.endsWith(':8443') ? ` --to ${url}` : ''
  const next = `pnpm --filter sender send sample_document.xml${flag('certs')}${to}`
  return `next: ${next}      then: pnpm --filter receiver documents list${flag('data')}      stop: Ctrl-C`
}
