// A private key in a token, named by its address in a key file. The PIN is read when a session is
// opened, is tried once, and stays in the process of the token.
import type { KeyObject } from 'node:crypto'
import { Fault, findReplaceable, shellWord } from '@seg/core'
import { readPassphraseFile } from '../passphrases/find-passphrase.ts'
import type { TokenMethod } from './mechanisms.ts'
import type { TokenAnswer, TokenFailure, TokenQuestion } from './token-messages.ts'
import { TokenProcess } from './token-process.ts'
import { toPublicKey } from './token-public-key.ts'
import { parseTokenUri, type TokenAddress } from './token-uri.ts'

/** Milliseconds for a module to start and a token to log in; and for a signature. */
const OPENING_TIME = 30_000
const SIGNING_TIME = 10_000
/**
 * Milliseconds without a try after a failure, or as long as that took; twice as long after each, up
 * to the longest.
 */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 60_000

type Failed = Extract<TokenAnswer, { kind: 'failed' }>

const known = new Map<string, TokenKey>()

/**
 * The key that the file at `path` names: the same object for the same text, so that files which are
 * read again do not log in again. Throws the Fault `configuration`.
 */
export function tokenKeyOf(path: string, text: string): TokenKey {
  const name = `${path}\n${text}`
  const found = known.get(name) ?? new TokenKey(path, parseTokenUri(path, text))
  known.set(name, found)
  return found
}

export class TokenKey {
  readonly path: string
  readonly address: TokenAddress
  #process: TokenProcess | undefined
  #last: Promise<unknown> = Promise.resolve()
  #failure: (Failed & { readonly until: number }) | undefined
  #pause = FIRST_PAUSE
  /** The PIN that the token refused. */
  #refused: string | undefined

  constructor(path: string, address: TokenAddress) {
    this.path = path
    this.address = address
  }

  /**
   * ECDSA: r and s side by side. Throws the Fault `configuration`, at once while a failure is
   * recent.
   */
  async sign(octets: Buffer, method: TokenMethod): Promise<Buffer> {
    const answer = await this.#askInTurn({ kind: 'sign', octets, method })
    if (answer.kind !== 'signed') throw new TypeError(`expected a signature, found ${answer.kind}`)
    return Buffer.from(answer.value)
  }

  /** Throws as `sign` does. */
  async publicKey(): Promise<KeyObject> {
    const answer = await this.#askInTurn({ kind: 'public-key' })
    if (answer.kind !== 'public-key') throw new TypeError(`expected a public key, found ${answer.kind}`)
    return toPublicKey(answer.key)
  }

  /** Ends the session behind what was asked before; the next question opens another. */
  end(): void {
    this.#last = this.#last.then(() => this.#endSession())
  }

  /** A session does one thing at a time. */
  #askInTurn(question: TokenQuestion): Promise<TokenAnswer> {
    const asked = this.#last.then(() => this.#ask(question))
    this.#last = asked.catch(() => {})
    return asked
  }

  async #ask(question: TokenQuestion): Promise<TokenAnswer> {
    if (this.#failure !== undefined && performance.now() < this.#failure.until) throw this.#faultOf(this.#failure)
    const begin = performance.now()
    const wasOpen = this.#process !== undefined
    let answer = await this.#exchange(question)
    // The token may have been removed since the last signature: one new login, and no more.
    if (wasOpen && answer.kind === 'failed' && answer.failure === 'lost') answer = await this.#exchange(question)
    if (answer.kind !== 'failed') {
      this.#failure = undefined
      this.#pause = FIRST_PAUSE
      return answer
    }
    const end = performance.now()
    this.#failure = { ...answer, until: end + Math.max(this.#pause, end - begin) }
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
    throw this.#faultOf(answer)
  }

  async #exchange(question: TokenQuestion): Promise<TokenAnswer> {
    const opened = this.#process === undefined ? await this.#open() : undefined
    const answer = opened ?? (await this.#process!.ask(question, SIGNING_TIME))
    if (answer.kind === 'failed') this.#endSession()
    return answer
  }

  #endSession(): void {
    this.#process?.end()
    this.#process = undefined
  }

  /** Undefined: it is open. */
  async #open(): Promise<Failed | undefined> {
    checkModule(this.address.module)
    const pin = await readPin(this.address.pinFile)
    if (pin === this.#refused)
      return failed('pin', `the token refused the PIN in ${this.address.pinFile}; it is not tried again`)
    this.#process = new TokenProcess()
    const answer = await this.#process.ask({ kind: 'open', address: this.address, pin }, OPENING_TIME)
    if (answer.kind !== 'failed') return undefined
    if (answer.failure === 'pin') this.#refused = pin
    return answer
  }

  #faultOf({ detail, failure }: Failed): Fault {
    return new Fault('configuration', `${this.path} names a key in a token (${this.address.uri}): ${detail}`, {
      command: commands[failure](this.address),
    })
  }
}

/** Of OpenSC, for what a person must see of a token. */
export function listObjects({ module, token }: TokenAddress): string {
  const label = token.token === undefined ? '' : ` --token-label ${shellWord(token.token)}`
  return `pkcs11-tool --module ${shellWord(module)}${label} --login --list-objects`
}

const listTokens = ({ module }: TokenAddress) => `pkcs11-tool --module ${shellWord(module)} --list-token-slots`

const commands: Readonly<Record<TokenFailure, (address: TokenAddress) => string>> = {
  addon: () => 'pnpm build:pkcs11',
  pin: listObjects,
  setup: listObjects,
  lost: listTokens,
  slow: listTokens,
}

function failed(failure: TokenFailure, detail: string): Failed {
  return { kind: 'failed', failure, detail }
}

/**
 * It gets the PIN, and acts as the gateway: nobody else may put another in its place. Throws the
 * Fault `configuration`; one that is not there is found by its process.
 */
function checkModule(path: string): void {
  const found = findReplaceable(path)
  if (found === undefined) return
  const { place, why, isWritable } = found
  const command = isWritable ? `chmod o-w ${shellWord(place)}` : `chown root ${shellWord(place)}`
  const of = place === path ? '' : ` of ${path}`
  throw new Fault('configuration', `${place}${of}, the module that gets the PIN, ${why}: ${command}`, { command })
}

/** Throws the Fault `configuration`, also for a file that others may read. */
async function readPin(path: string): Promise<string> {
  const octets = await readPassphraseFile(path).catch(cause => {
    if (cause instanceof Fault) throw cause
    throw new Fault('configuration', `the PIN of the token cannot be read: ${path}: ${(cause as Error).message}`, {
      command: `(umask 077; cat > ${shellWord(path)})  # type the PIN, Enter, Ctrl-D`,
    })
  })
  const pin = octets.toString('utf8')
  if (pin === '' || /[\0\r\n\uFFFD]/.test(pin))
    throw new Fault('configuration', `${path}: expected the PIN of a token alone, in one line of UTF-8`)
  return pin
}
