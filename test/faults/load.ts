// The load on a ledger: two nodes in processes of their own, and what they have acknowledged.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const script = join(import.meta.dirname, 'load-node.ts')

/** `receipt`: the SHA-256 of its octets. */
export type Acknowledged = { readonly id: string; readonly index: number; readonly receipt: string }

export class LoadNode {
  readonly #name: string
  readonly #args: readonly string[]
  readonly #take: (acknowledged: Acknowledged) => void
  readonly #defect: (line: string) => void
  #process: ChildProcess | undefined
  #generation = 0
  /** By performance.now. */
  lastAt = performance.now()
  count = 0

  constructor(
    name: string,
    args: readonly string[],
    take: (acknowledged: Acknowledged) => void,
    defect: (line: string) => void,
  ) {
    this.#name = name
    this.#args = args
    this.#take = take
    this.#defect = defect
  }

  start(): void {
    const name = `${this.#name}${++this.#generation}`
    const child = spawn(process.execPath, [script, ...this.#args, name], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = child
    createInterface(child.stdout!).on('line', line => this.#read(line))
    child.once('exit', code => {
      if (code !== null) this.#defect(`${name} ended with status ${code}`)
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  #read(line: string): void {
    // A process that is killed may leave a part of a line.
    const said = parse(line)
    if (said?.defect !== undefined) this.#defect(`${said.id}: ${said.defect}`)
    if (said?.index === undefined) return
    this.lastAt = performance.now()
    this.count++
    this.#take(said as Acknowledged)
  }
}

function parse(line: string): (Partial<Acknowledged> & { readonly defect?: string }) | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
