// A passphrase typed at a terminal, without echo; without a terminal there is no prompt.
import { writeSync } from 'node:fs'
import { isatty, type ReadStream } from 'node:tty'
import { Fault } from '@seg/core'

const TRIES = 3
const [CONTROL_C, CONTROL_D, BACKSPACE, LINE_FEED, RETURN, DELETE] = [0x03, 0x04, 0x08, 0x0a, 0x0d, 0x7f]

let isOver = false
/** One question at a time. */
let asking: Promise<unknown> = Promise.resolve()
/** By the path of the key; kept for keys that are read again while a service runs. */
const typed = new Map<string, Buffer>()

/** From here on there is no prompt: a running service waits for no person. */
export function stopPrompting(): void {
  isOver = true
}

/**
 * The passphrase that was typed for `name`; asked for at most once in a process, with three tries.
 * Undefined: there is no terminal, or nothing was typed.
 */
export async function askOnce(
  name: string,
  question: string,
  isRight: (octets: Buffer) => boolean,
): Promise<Buffer | undefined> {
  return inTurn(async () => {
    const known = typed.get(name)
    if (known !== undefined) return known
    for (let tries = 0; tries < TRIES; tries++) {
      const octets = await ask(tries === 0 ? question : `That is not it. ${question}`)
      if (octets === undefined || octets.length === 0) return undefined
      if (isRight(octets)) {
        typed.set(name, octets)
        return octets
      }
      if (tries === TRIES - 1) return octets
    }
    return undefined
  })
}

/** A new passphrase, typed twice. Throws the Fault `usage` when the two differ. */
export async function askTwice(question: string): Promise<Buffer | undefined> {
  return inTurn(async () => {
    const first = await ask(question)
    if (first === undefined) return undefined
    const second = await ask('The same again: ')
    if (second === undefined || !second.equals(first)) throw new Fault('usage', 'the two passphrases are not the same')
    return first
  })
}

/** Typed once. */
export function askPassword(question: string): Promise<Buffer | undefined> {
  return inTurn(() => ask(question))
}

function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const answer = asking.then(run)
  asking = answer.catch(() => {})
  return answer
}

/** Undefined: no terminal, or its input ended. */
async function ask(question: string): Promise<Buffer | undefined> {
  if (isOver || !isatty(0) || !isatty(2)) return undefined
  const stdin = process.stdin as ReadStream
  // First: what is typed at once would be shown.
  stdin.setRawMode(true)
  try {
    writeSync(2, question)
    return await readLine(stdin)
  } finally {
    stdin.setRawMode(false)
    writeSync(2, '\n')
  }
}

function readLine(stdin: ReadStream): Promise<Buffer | undefined> {
  const line: number[] = []
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const finish = (answer: Buffer | undefined, rest: Buffer) => {
    stdin.off('data', onData).off('end', onEnd).pause()
    // What was pasted behind the line is the answer to the next question.
    if (rest.length > 0) stdin.unshift(rest)
    resolve(answer)
  }
  const onEnd = () => finish(undefined, Buffer.alloc(0))
  const onData = (chunk: Buffer) => {
    for (const [at, octet] of chunk.entries()) {
      const rest = chunk.subarray(at + 1)
      if (octet === LINE_FEED || octet === RETURN) return finish(Buffer.from(line), rest)
      if (octet === CONTROL_D) return finish(undefined, rest)
      if (octet === CONTROL_C) return interrupt(stdin)
      if (octet === BACKSPACE || octet === DELETE) line.splice(characterStart(line))
      else line.push(octet)
    }
  }
  stdin.on('data', onData).once('end', onEnd).resume()
  return promise
}

/** Raw input makes no signal of it. */
function interrupt(stdin: ReadStream): void {
  stdin.setRawMode(false)
  process.kill(process.pid, 'SIGINT')
}

/** Where the last character begins, in UTF-8. */
function characterStart(line: readonly number[]): number {
  let at = Math.max(0, line.length - 1)
  while (at > 0 && (line[at]! & 0xc0) === 0x80) at--
  return at
}
