// The operators' listener as the receiver sees it: a thread that is started, asks, and is stopped.
import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { asFault, Fault, standardError } from '@seg/core'
import type { GatewayAnswers } from '@seg/operators'
import { loadIdentity } from '@seg/pki'
import type { ListenerOptions } from './listener-thread.ts'
import type { FromListener, ToListener } from './messages.ts'

/** Where operators find it unless a setting says otherwise. */
const USUAL_PORT = 8444
/** Milliseconds that a stop waits for the thread. */
const CLOSING_TIME = 4000

/** A thread that would need more ends, and the receiver goes on. */
const MEMORY = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 16 }

export type OperatorsListener = { readonly url: string; close(): Promise<void> }

type Options = {
  readonly certs: string
  readonly data: string
  readonly config?: string | undefined
  readonly adminHost: string
  readonly adminPort: number | 'auto' | 'off'
}

type Voice = { info(line: string): void; error(line: string): void }

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./listener-thread${extname(import.meta.filename)}`, import.meta.url)

/**
 * Undefined when it is off; with `auto` also where its certificate or port is not to be had, for no
 * receiver stays off because of it. Throws the Fault `configuration` where a port was asked for.
 */
export async function openOperatorsListener(
  { certs, data, config, adminHost, adminPort }: Options,
  answers: GatewayAnswers,
  voice: Voice,
): Promise<OperatorsListener | undefined> {
  if (adminPort === 'off') return undefined
  try {
    const { certificatePem, certificate, key } = await loadIdentity(certs, 'console')
    const port = adminPort === 'auto' ? USUAL_PORT : adminPort
    const own = { use: 'console', der: certificate.raw }
    const all = { ...answers, certificates: () => [...answers.certificates(), own] }
    return await start({ certs, data, config, host: adminHost, port, certificatePem, key }, all, voice)
  } catch (error) {
    const fault = asFault(error)
    if (adminPort !== 'auto')
      throw new Fault('configuration', `the operators' listener: ${fault.detail}`, { cause: error })
    voice.info(`no listener for operators: ${fault.detail}`)
    return undefined
  }
}

async function start(options: ListenerOptions, answers: GatewayAnswers, voice: Voice): Promise<OperatorsListener> {
  const worker = new Worker(script, { workerData: options, stdout: true, stderr: true, resourceLimits: MEMORY })
  const say = (message: ToListener) => worker.postMessage(message)
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', text => void standardError.write(String(text)))
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>()
  worker.on('message', (message: FromListener) => {
    if ('listening' in message) resolve(message.listening)
    else if ('failed' in message) reject(describe(message, options))
    else if ('trouble' in message) voice.error(`the operators' listener: ${message.trouble}`)
    else
      void answer(message, answers)
        .then(say)
        .catch(error => say(failureOf(message.ask, error)))
  })
  worker.on('error', error => {
    reject(error)
    voice.error(`the operators' listener has stopped: ${error.message}; documents are taken without it`)
  })
  worker.once('exit', () => reject(new Fault('internal', 'its thread has ended')))
  const url = await listening
  // Alone it keeps no process running.
  worker.unref()
  const close = async () => {
    const ended = once(worker, 'exit', { signal: AbortSignal.timeout(CLOSING_TIME) }).catch(() => {})
    say('close')
    await ended
    await worker.terminate()
  }
  return { url, close }
}

async function answer(
  { ask, name, given }: Extract<FromListener, { ask: number }>,
  answers: GatewayAnswers,
): Promise<ToListener> {
  try {
    const known = answers[name as keyof GatewayAnswers] as (...given: readonly unknown[]) => unknown
    return { answer: ask, value: await known(...given) }
  } catch (error) {
    return failureOf(ask, error)
  }
}

/** Also of an answer that cannot be sent to a thread. */
function failureOf(ask: number, error: unknown): ToListener {
  return { answer: ask, failure: asFault(error).message }
}

function describe(
  { failed, isTaken }: Extract<FromListener, { failed: string }>,
  { host, port }: ListenerOptions,
): Fault {
  const detail = isTaken
    ? `another program listens on ${host} port ${port}; stop it, or choose another port with --admin-port`
    : failed
  return new Fault('configuration', detail)
}
