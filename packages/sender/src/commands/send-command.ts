// `sender send`: tries every file, reports each outcome, and exits with the worst one.
import { type Command, Fault, openOutput, readSettings, resolveUserPath } from '@seg/core'
import { senderSections } from '../configuration-sections.ts'
import { type Destination, findReceiver, readDestination } from '../credentials/destination.ts'
import type { WaitingGateway } from '../delivery/gateway.ts'
import { openGateway } from '../delivery/open-gateway.ts'
import { exitCodeOf, outcomeFacts, reportOutcome, type SendOutcome, worstOf } from '../delivery/outcome.ts'
import { queueOnly, sendTemplate } from '../delivery/send.ts'
import { systemClock } from '../delivery/system-clock.ts'
import { openDocumentFile } from '../document/document-file.ts'
import { chooseId } from '../document/sign-template.ts'
import { openMeter, openProgress, terminal } from '../progress.ts'
import { openExplained } from './delivery-checks.ts'

type Options = { readonly id?: string; readonly stripComments?: boolean; readonly wait: boolean }

export async function runSend(
  files: readonly [string, ...string[]],
  options: Options,
  command: Command,
): Promise<void> {
  const output = openOutput(command)
  const { to, timeout, ...settings } = readSettings(
    command,
    ['certs', 'data', 'outbox', 'outboxPassword', 'to', 'timeout', 'lifetime'],
    senderSections,
  )
  checkUsage(files, options)
  const progress = openProgress(terminal, { isSilent: output.json })
  const note = (line: string) => {
    progress.clear()
    output.say(line)
  }
  await using gateway = await openExplained(command, () =>
    openGateway({ ...settings, config: command.opts().config }, { note, clock: systemClock }),
  )

  const patience = {
    timeout: timeout * 1000,
    onWait: (reason: string, wait: number) => progress.show(`next try in ${(wait / 1000).toFixed(1)} s: ${reason}`),
  }

  const [source, fallback] = [command.getOptionValueSource('to'), command.getOptionValue('to')]
  const destination = readDestination(to, source, fallback, gateway.receivers)
  const outcomes: SendOutcome[] = []
  for (const file of files) {
    const show = (receiver: URL) => progress.show(`${file}: sending to ${receiver.origin}`)
    const outcome = await sendFile(
      file,
      options,
      { destination, show },
      { ...gateway, patience, meter: openMeter(progress, file) },
    )
    progress.clear()
    if (!output.json) reportOutcome(outcome, output)
    outcomes.push(outcome)
  }
  const worst = worstOf(outcomes as [SendOutcome, ...SendOutcome[]])
  if (output.json) output.report({ ...outcomeFacts(worst), deliveries: outcomes.map(outcomeFacts) }, '')
  process.exitCode = exitCodeOf(worst)
}

async function sendFile(
  file: string,
  options: Options,
  { destination, show }: { readonly destination: Destination; readonly show: (receiver: URL) => void },
  gateway: WaitingGateway,
): Promise<SendOutcome> {
  const start = performance.now()
  const passed = () => (performance.now() - start) / 1000
  try {
    await using input = await openDocumentFile(resolveUserPath(file), gateway.meter)
    const { types } = gateway
    const template = { file, input, id: chooseId(options.id), stripComments: options.stripComments === true, types }
    const send = options.wait ? sendTemplate : queueOnly
    const receiver = await findReceiver(template, destination, gateway.receivers)
    show(receiver)
    return { file, delivery: await send(template, receiver, gateway), seconds: passed() }
  } catch (fault) {
    if (fault instanceof Fault) return { file, fault, seconds: passed() }
    throw fault
  }
}

function checkUsage(files: readonly string[], { id }: Options): void {
  chooseId(id)
  if (files.length > 1 && id !== undefined && id !== 'auto')
    throw new Fault('usage', '--id ID names one document: give one FILE, or --id auto')
}
