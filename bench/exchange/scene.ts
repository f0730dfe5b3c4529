// What every load needs: certificates, a receiver with an empty ledger on a real disk, a load
// generator; all gone afterwards.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from '@seg/pki'
import { pinTo } from '../machine.ts'
import { makeWorkFolder } from '../work-folder.ts'
import { type Generator, openGenerator } from './orders.ts'
import { openReceiver, type Server } from './server.ts'

export type Scene = AsyncDisposable & {
  readonly certs: string
  /** What the command line of a server begins with, to be held to a core or to none. */
  readonly serverPin: readonly string[]
  readonly data: string
  readonly receiver: Server
  readonly generator: Generator
}

export async function openScene({ pinned }: { readonly pinned: boolean }): Promise<Scene> {
  const [serverPin, generatorPin] = pinned ? [pinTo(0), pinTo(1)] : [[], []]
  await using undo = new AsyncDisposableStack()
  const folder = await makeWorkFolder(undo)
  const [certs, data] = [join(folder, 'certs'), join(folder, 'receiver')]
  await mkdir(certs)
  await generate({ out: certs, key: 'rsa-2048' })
  const receiver = undo.use(await openReceiver(certs, data, serverPin))
  const generator = undo.use(openGenerator(certs, generatorPin))
  const opened = undo.move()
  return { certs, serverPin, data, receiver, generator, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
