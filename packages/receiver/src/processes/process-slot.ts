// The place of one connection process: a process that ends there without being asked is started
// again, and one that is stuck is ended for it.
import type { Worker } from 'node:cluster'
import type { Duplex, Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { serialize } from 'node:v8'
import { asFault, Fault, quote } from '@seg/core'
import { removeMarked, stagingFolder } from '@seg/ledger'
import { packCredentials } from '../credentials/credential-snapshot.ts'
import type { Staple } from '../credentials/follow-staple.ts'
import type { Credentials } from '../credentials/live-credentials.ts'
import { type AnsweredProcess, type Answering, answerProcess } from './answer-process.ts'
import { ProcessChannel } from './channel.ts'
import { forkProcess, isStarted, whyNotStarted } from './fork-process.ts'
import { type Alive, CHANNEL, type Listening, markOf, type Stapled, type StartedWith } from './messages.ts'

export type SlotOptions = Answering & {
  readonly staple: Staple
  readonly portNow: () => number
  /** Looks after which a process that says nothing is ended. */
  readonly mostMissed: number
  /** Of all processes. */
  readonly started: Omit<StartedWith, 'number' | 'port' | 'credentials' | 'staple'>
}

/** Milliseconds until a process is started again: doubled from the first to the last. */
const FIRST_RESTART = 1_000
const LAST_RESTART = 60_000
/** One that ran for so long is started again as at first. */
const SETTLED = 60_000
/** Milliseconds between two looks at a process. */
const LOOK_INTERVAL = 1_000
/** Looks after which one that starts, and says nothing, is ended. */
const LONGEST_START = 120
/** Milliseconds beside the time of open requests that a process has to end. */
const CLOSING_TIME = 3_000
/** Characters shown of what a process said last. */
const SHOWN = 300

/** What a process says that has said nothing yet. */
const SILENT: Alive = { connections: [], handshakes: 0, cpu: 0, memory: 0, load: 0 }

type Running = {
  readonly worker: Worker
  readonly channel: ProcessChannel
  readonly answered: AnsweredProcess
  readonly ended: Promise<void>
}

export class ProcessSlot {
  readonly number: number
  readonly #options: SlotOptions
  #running: Running | undefined
  #isListening = false
  #starts = 0
  #startedAt = 0
  #delay = FIRST_RESTART
  #missed = 0
  #alive: Alive = SILENT
  /** Of the processes that were here before. */
  #handshakes = 0
  /** Credentials that the process was sent last, and how many after the first. */
  #sent: Credentials | undefined
  #snapshot = 0
  #stapled: Buffer | null = null
  readonly #closing = new AbortController()
  readonly #look: NodeJS.Timeout

  constructor(number: number, options: SlotOptions) {
    this.number = number
    this.#options = options
    this.#look = setInterval(() => this.#lookAt(), LOOK_INTERVAL).unref()
  }

  get isListening(): boolean {
    return this.#isListening
  }

  get starts(): number {
    return this.#starts
  }

  get alive(): Alive {
    return this.#alive
  }

  /** Of all processes that were here. */
  get handshakes(): number {
    return this.#handshakes + this.#alive.handshakes
  }

  /** Where it listens. Throws the Fault that keeps it from that. */
  async start(): Promise<string> {
    const { gate, staple, started, portNow } = this.#options
    const worker = forkProcess()
    if (!isStarted(worker)) throw await whyNotStarted(worker)
    const running = this.#open(worker)
    this.#running = running
    this.#startedAt = performance.now()
    this.#starts++
    this.#missed = 0
    const { current } = gate.credentials
    this.#sent = current
    this.#snapshot = 0
    this.#stapled = staple.answerFor(current.identity.certificate.raw)
    const given: StartedWith = {
      ...started,
      number: this.number,
      port: portNow(),
      staple: this.#stapledNow(),
      credentials: packCredentials(current),
    }
    const { value } = await running.channel.ask('start', null, serialize(given))
    this.#isListening = true
    // A start may take longer than a process that listens may be silent.
    this.#missed = 0
    return (value as Listening).url
  }

  /** Resolves when the process keeps nothing, or has ended. */
  async recall(): Promise<void> {
    if (this.#isListening) await this.#running?.channel.ask('recall', null).catch(() => {})
  }

  drain(): void {
    this.#running?.channel.tell('drain', null)
  }

  /** Credentials were replaced. */
  replace(next: Credentials): void {
    if (this.#running === undefined) return
    // First: nothing is accepted by what it has from here on, whether the next reaches it or not.
    this.#snapshot++
    this.#running.channel.tell('credentials', null, packCredentials(next, this.#sent))
    this.#sent = next
    this.#sendStaple()
  }

  /** What is under way is answered, for a bounded time. */
  async close(time: number): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#look)
    const running = this.#running
    if (running === undefined) return
    const end = AbortSignal.timeout(time + CLOSING_TIME)
    end.addEventListener('abort', () => running.worker.process.kill('SIGKILL'))
    await running.channel.ask('close', null).catch(() => {})
    running.channel.close()
    await running.ended
  }

  #open(worker: Worker): Running {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const snapshot = () => this.#snapshot
    const answered = answerProcess(this.number, this.#options, snapshot, alive => {
      this.#alive = alive
      this.#missed = 0
    })
    let said = ''
    const output = worker.process.stderr as Readable | null
    output?.setEncoding('utf8').on('data', text => {
      said = `${said}${text}`.slice(-SHOWN)
    })
    const stream = worker.process.stdio[CHANNEL] as Duplex
    const channel = new ProcessChannel(stream, answered.handlers, () => {})
    worker.on('error', ({ message }) => {
      said = message
    })
    worker.once('exit', (status, signal) => {
      channel.close()
      const how = said === '' ? `${signal ?? status}` : `${signal ?? status}, ${quote(said.trim())}`
      void this.#clear(running, how).then(resolve)
    })
    const running = { worker, channel, answered, ended }
    return running
  }

  /** What a process that ended leaves: nothing of it was acknowledged that is not in the ledger. */
  async #clear(running: Running, how: string): Promise<void> {
    const { gate, logger } = this.#options
    const wasListening = this.#isListening
    this.#isListening = false
    this.#running = undefined
    this.#handshakes += this.#alive.handshakes
    this.#alive = SILENT
    await running.answered.end()
    await removeMarked(stagingFolder(gate.data), markOf(this.number)).catch(() => {})
    if (this.#closing.signal.aborted || !wasListening) return
    logger.error(
      { process: this.number },
      `connection process ${this.number} has ended (${how}), and its connections with it; it is started again`,
    )
    void this.#restart()
  }

  async #restart(): Promise<void> {
    const { signal } = this.#closing
    const { logger } = this.#options
    if (performance.now() - this.#startedAt > SETTLED) this.#delay = FIRST_RESTART
    while (!signal.aborted && !this.#isListening) {
      await pause(this.#delay, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      this.#delay = Math.min(2 * this.#delay, LAST_RESTART)
      try {
        await this.start()
        logger.info({ process: this.number }, `connection process ${this.number} runs again`)
      } catch (error) {
        const { code, detail } = asFault(error)
        const line = `connection process ${this.number} cannot be started: ${detail}; again in ${this.#delay / 1000} s`
        logger.error({ process: this.number, code }, line)
        await this.#endFailed()
      }
    }
  }

  /** A process that could not be started does not go on alone. */
  async #endFailed(): Promise<void> {
    const running = this.#running
    running?.worker.process.kill('SIGKILL')
    await running?.ended
  }

  #lookAt(): void {
    const running = this.#running
    if (running === undefined) return
    if (this.#isListening) this.#sendStaple()
    const most = this.#isListening ? this.#options.mostMissed : LONGEST_START
    if (++this.#missed <= most) return
    this.#missed = 0
    const { logger } = this.#options
    const line = `connection process ${this.number} has said nothing for ${most} s: it is ended`
    logger.error({ process: this.number }, line)
    running.worker.process.kill('SIGKILL')
  }

  #sendStaple(): void {
    const { gate, staple } = this.#options
    const octets = staple.answerFor(gate.credentials.current.identity.certificate.raw)
    if (octets === this.#stapled) return
    this.#stapled = octets
    const stapled = this.#stapledNow()
    this.#running?.channel.tell('staple', null, stapled && serialize(stapled))
  }

  #stapledNow(): Stapled | undefined {
    const { certificate } = this.#options.gate.credentials.current.identity
    return this.#stapled === null ? undefined : { certificate: certificate.raw, octets: this.#stapled }
  }
}

/** Throws the Fault `configuration` when none of them can listen. */
export async function startSlot(slot: ProcessSlot): Promise<string> {
  try {
    return await slot.start()
  } catch (error) {
    await slot.close(0)
    throw error instanceof Fault && error.code === 'overloaded'
      ? new Fault('configuration', `connection process ${slot.number} has ended while it started: ${error.detail}`)
      : error
  }
}
