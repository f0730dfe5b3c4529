// The process of a token, as the one that started it sees it: one question at a time, each with an
// end.
import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import type { TokenAnswer, TokenFailure, TokenQuestion } from './token-messages.ts'

/** The same file, whether run as it is written or compiled. */
const program = new URL(`./token-program${extname(import.meta.filename)}`, import.meta.url)

const OURS = /^(?:SEG_|NODE_)/

export class TokenProcess {
  readonly #child: ChildProcess
  /** Why it has ended; undefined while it runs. */
  #ended: string | undefined
  #settle: ((answer: TokenAnswer) => void) | undefined

  constructor() {
    // A module reads its own settings from the environment; ours, and passphrases, are not for it.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)))
    this.#child = fork(program, [], {
      ...{ env, execArgv: [], serialization: 'advanced' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', answer => this.#answer(answer as TokenAnswer))
    this.#child.on('error', ({ message }) => this.#lose(message))
    this.#child.on('exit', (code, signal) => this.#lose(`it ended with ${signal ?? `status ${code}`}`))
    this.#hold(false)
  }

  /** `time`: milliseconds. After a failure the process is of no use. */
  async ask(question: TokenQuestion, time: number): Promise<TokenAnswer> {
    if (this.#ended !== undefined) return failed(this.#ended, 'lost')
    const { promise, resolve } = Promise.withResolvers<TokenAnswer>()
    this.#settle = resolve
    const timer = setTimeout(() => {
      this.#lose(`no answer in ${time} ms`, 'slow')
      this.#child.kill('SIGKILL')
    }, time)
    this.#hold(true)
    this.#child.send(question, error => error && this.#lose(error.message))
    const answer = await promise
    clearTimeout(timer)
    this.#hold(false)
    return answer
  }

  end(): void {
    this.#ended ??= 'it was ended'
    if (this.#child.connected) this.#child.disconnect()
  }

  #answer(answer: TokenAnswer): void {
    this.#settle?.(answer)
    this.#settle = undefined
  }

  #lose(reason: string, failure: TokenFailure = 'lost'): void {
    this.#ended ??= reason
    this.#answer(failed(reason, failure))
  }

  /** An idle process does not keep a command from ending. */
  #hold(isBusy: boolean): void {
    const { channel } = this.#child
    if (isBusy) {
      this.#child.ref()
      channel?.ref()
    } else {
      this.#child.unref()
      channel?.unref()
    }
  }
}

function failed(reason: string, failure: TokenFailure): TokenAnswer {
  return { kind: 'failed', failure, detail: `the process of the token: ${reason}` }
}
