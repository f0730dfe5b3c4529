// The commands of the load generator, and how it gets them: it is a process that reads one command
// after the other.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ClientKind } from '../clients/client.ts'
import type { ClosedLoad, OpenLoad } from './load.ts'
import type { StockKind } from './stock.ts'
import type { Outcome } from './tally.ts'

/** Documents with a payload of about so many bytes, and which of them. */
type Documents = { readonly payload: number; readonly stock: StockKind }

export type Orders = {
  /** Signs documents until there are `count`. */
  sign(order: { readonly payload: number; readonly count: number }): Promise<void>
  /** Signs documents to be repeated until there are `count`, and begins with the first again. */
  rewind(order: { readonly payload: number; readonly count: number }): Promise<void>
  /** Opens `count` connections, to the ports in turn; gives up those that it had. */
  connect(order: {
    readonly ports: readonly number[]
    readonly count: number
    readonly client: ClientKind
  }): Promise<void>
  /** Ends early when there are no documents left. */
  runClosed(order: Documents & ClosedLoad): Promise<Outcome>
  runOpen(order: Documents & OpenLoad): Promise<Outcome>
  /** The ids of all documents of this size that were accepted. */
  listAccepted(order: { readonly payload: number }): Promise<string[]>
}

export type Message = { readonly name: keyof Orders; readonly order: object }

export type Generator = Orders & AsyncDisposable

/** `certs` is a folder as `pki gen` makes it; `pin` is what its command line begins with. */
export function openGenerator(certs: string, pin: readonly string[]): Generator {
  const [command = '', ...args] = [...pin, process.execPath, join(import.meta.dirname, 'generator.ts'), certs]
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')

  const tell = <Name extends keyof Orders>(name: Name) => {
    const order = async (order: object) => {
      child.send({ name, order } satisfies Message)
      const answer = await Promise.race([once(child, 'message'), ended.then(() => undefined)])
      if (answer === undefined)
        throw new Error(`the load generator ended with ${child.exitCode ?? child.signalCode} while it had to ${name}`)
      return answer[0]
    }
    return order as Orders[Name]
  }
  return {
    sign: tell('sign'),
    rewind: tell('rewind'),
    connect: tell('connect'),
    runClosed: tell('runClosed'),
    runOpen: tell('runOpen'),
    listAccepted: tell('listAccepted'),
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await ended
    },
  }
}
