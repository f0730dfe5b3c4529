// The operators' listener as the receiver sees it: a thread that is started, asks, and is stopped.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { asFault, type CopiedSettings, Fault, standardError } from '@seg/core'
import type { GatewayAnswers } from '@seg/operators'
import { loadIdentity } from '@seg/pki'
import { followConsoleCertificate } from './follow-console-certificate.ts'
import type { FromListener, ListenerOptions, OwnCertificate, ToListener } from './messages.ts'

/** Where operators find it unless a setting says otherwise. */
const USUAL_PORT = 8444
/** Milliseconds that a stop waits for the thread. */
const CLOSING_TIME = 4000

/** A thread that would need more ends, and the receiver continues. */
const MEMORY = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 16 }

export type OperatorsListener = {
  readonly url: string
  /** Where people log in with a certificate; undefined: nowhere. */
  readonly certificateLogin: string | undefined
  close(): Promise<void>
}

type Options = {
  readonly certs: string
  readonly data: string
  readonly config?: string | undefined
  readonly adminHost: string
  readonly adminPort: number | 'auto' | 'off'
  readonly adminCertificatePort?: number | 'off'
  readonly fourEyes?: 'on' | 'off'
  /** The data folder of a sender. */
  readonly consoleOutbox?: string | 'off'
  readonly backups?: string | 'off'
  /** Without it there is no diagnosis to ask for. */
  readonly started?: CopiedSettings
}

type Voice = { info(line: string): void; error(line: string): void }

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./listener-thread${extname(import.meta.filename)}`, import.meta.url)

/** Milliseconds until a thread that ended is started again. */
const RESTART = 10_000

export type PreparedListener = {
  /**
   * Undefined when it is off; with `auto` also where its certificate or port is not to be had, for
   * no receiver stays off because of it. Throws the Fault `configuration` where a port was asked
   * for.
   */
  open(answers: GatewayAnswers, voice: Voice): Promise<OperatorsListener | undefined>
  /** Ends the thread of a listener that is not opened. */
  discard(): Promise<void>
}

/** To be called early: the thread loads its modules while the rest of the receiver is opened. */
export function prepareOperatorsListener(options: Options): PreparedListener {
  const { certs, adminPort } = options
  const isWanted = adminPort !== 'off' && (adminPort !== 'auto' || existsSync(join(certs, 'console.crt')))
  const worker = isWanted ? startThread() : undefined
  return {
    open: (answers, voice) => open(options, worker, answers, voice),
    discard: () => endThread(worker),
  }
}

async function open(
  { certs, data, config, adminHost, adminPort, ...options }: Options,
  worker: Worker | undefined,
  answers: GatewayAnswers,
  voice: Voice,
): Promise<OperatorsListener | undefined> {
  const { adminCertificatePort = 'off', fourEyes = 'off', consoleOutbox = 'off', backups = 'off', started } = options
  const certificatePort = adminCertificatePort === 'off' ? undefined : adminCertificatePort
  if (adminPort === 'off' && certificatePort === undefined) return undefined
  try {
    if (adminPort === 'off')
      throw new Fault('configuration', '--admin-certificate-port leads to it, and --admin-port is off')
    let identity = await loadIdentity(certs, 'console')
    const port = adminPort === 'auto' ? USUAL_PORT : adminPort
    const own = () => ({ use: 'console', der: identity.certificate.raw })
    const all = { ...answers, certificates: () => [...answers.certificates(), own()] }
    const outbox = consoleOutbox === 'off' ? undefined : consoleOutbox
    const place = { certs, data, config, outbox, host: adminHost, port, certificatePort }
    const tasks = { backups: backups === 'off' ? undefined : backups, started }
    const thread = new ListenerThread(
      { ...place, ...tasks, fourEyes: fourEyes === 'on', ...ownOf(identity) },
      all,
      voice,
    )
    const addresses = await thread.start(worker ?? startThread())
    const following = followConsoleCertificate({ certs, present: identity, voice }, next => {
      identity = next
      thread.replace(ownOf(next))
    })
    return {
      ...addresses,
      async close() {
        await following.close()
        await thread.close()
      },
    }
  } catch (error) {
    await endThread(worker)
    const fault = asFault(error)
    if (adminPort !== 'auto' || certificatePort !== undefined)
      throw new Fault('configuration', `the operators' listener: ${fault.detail}`, { cause: error })
    voice.info(`no listener for operators: ${fault.detail}`)
    return undefined
  }
}

function ownOf({ certificatePem, key }: OwnCertificate): OwnCertificate {
  return { certificatePem, key }
}

function startThread(): Worker {
  const worker = new Worker(script, { name: 'operators', stdout: true, stderr: true, resourceLimits: MEMORY })
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', text => void standardError.write(String(text)))
  // Alone it keeps no process running.
  worker.unref()
  return worker
}

/** It ends by itself: one that is terminated while it loads its modules may hang, or worse. */
async function endThread(worker: Worker | undefined): Promise<void> {
  // The id of one that has ended already.
  if (worker === undefined || worker.threadId === -1) return
  const ended = once(worker, 'exit', { signal: AbortSignal.timeout(CLOSING_TIME) }).catch(() => {})
  worker.ref()
  worker.postMessage('close' satisfies ToListener)
  await ended
}

class ListenerThread {
  readonly #answers: GatewayAnswers
  readonly #voice: Voice
  #options: ListenerOptions
  #worker: Worker | undefined
  #isClosing = false

  constructor(options: ListenerOptions, answers: GatewayAnswers, voice: Voice) {
    this.#options = options
    this.#answers = answers
    this.#voice = voice
  }

  /** Returns where it listens. */
  async start(worker: Worker): Promise<Omit<OperatorsListener, 'close'>> {
    const {
      promise: listening,
      resolve,
      reject,
    } = Promise.withResolvers<Extract<FromListener, { listening: string }>>()
    worker.on('message', (message: FromListener) => {
      if ('listening' in message) resolve(message)
      else if ('failed' in message) reject(describe(message, this.#options))
      else if ('trouble' in message) this.#voice.error(`the operators' listener: ${message.trouble}`)
      else void this.#answer(message, worker)
    })
    worker.on('error', reject)
    worker.once('exit', () => reject(new Fault('internal', 'its thread has ended')))
    worker.ref()
    worker.postMessage({ open: this.#options } satisfies ToListener)
    const { listening: url, certificateLogin } = await listening
    worker.unref()
    // The same ports again, should it have to be started again.
    const certificatePort = certificateLogin === undefined ? undefined : Number(new URL(certificateLogin).port)
    this.#options = { ...this.#options, port: Number(new URL(url).port), certificatePort }
    this.#worker = worker
    let reason = 'its thread has ended'
    worker.on('error', ({ message }) => {
      reason = message
    })
    worker.once('exit', () => this.#restart(reason))
    return { url, certificateLogin }
  }

  replace(own: OwnCertificate): void {
    this.#options = { ...this.#options, ...own }
    this.#worker?.postMessage({ replaced: own } satisfies ToListener)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await endThread(this.#worker)
    await this.#worker?.terminate()
  }

  #restart(reason: string): void {
    this.#worker = undefined
    if (this.#isClosing) return
    this.#voice.error(
      `the operators' listener has stopped: ${reason}; documents are taken without it, and it is started again`,
    )
    setTimeout(() => {
      if (!this.#isClosing) this.start(startThread()).catch(error => this.#restart(asFault(error).detail))
    }, RESTART).unref()
  }

  async #answer(message: Extract<FromListener, { ask: number }>, worker: Worker): Promise<void> {
    const known = await answer(message, this.#answers)
    try {
      worker.postMessage(known)
    } catch (error) {
      worker.postMessage(failureOf(message.ask, error))
    }
  }
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
  { failed, isTaken, port }: Extract<FromListener, { failed: string }>,
  { host, certificatePort }: ListenerOptions,
): Fault {
  const flag = port === certificatePort ? '--admin-certificate-port' : '--admin-port'
  const detail = isTaken
    ? `another program listens on ${host} port ${port}; stop it, or choose another port with ${flag}`
    : failed
  return new Fault('configuration', detail)
}
