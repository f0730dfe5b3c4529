// Processes that enter documents into one ledger, and what came of their load together.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Outcome } from '../exchange/tally.ts'
import type { Loaded, Site } from './site.ts'

const script = join(import.meta.dirname, 'ledger-node.ts')
/** In each node. */
const CLIENTS = 128

export type NodeLoad = { readonly clients: number } & (
  | { readonly most: number }
  | { readonly rate: number; readonly seconds: number }
)

/** `count` nodes; on SQLite, of which there can be one, without `url`. */
export async function openLedgerNodes(
  undo: AsyncDisposableStack,
  { certs, folder }: Site,
  count: number,
  url: string | undefined,
): Promise<Loaded> {
  const nodes: ChildProcess[] = []
  for (let i = 1; i <= count; i++) {
    const data = join(folder, `node-${i}`)
    await mkdir(data)
    const args = [script, certs, data, `node-${i}`, ...(url === undefined ? [] : [url])]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const ended = once(child, 'exit')
    undo.defer(async () => {
      if (child.connected) child.disconnect()
      await ended
    })
    await answerOf(child)
    nodes.push(child)
  }
  const run = async (load: NodeLoad) => {
    const answers = nodes.map(answerOf)
    for (const node of nodes) node.send(load)
    return addUp(await Promise.all(answers))
  }
  return {
    pids: nodes.map(({ pid }) => pid!),
    runClosed: documents => run({ clients: CLIENTS, most: Math.ceil(documents / count) }),
    runOpen: (rate, seconds) => run({ clients: CLIENTS, rate: rate / count, seconds }),
  }
}

async function answerOf(node: ChildProcess): Promise<Outcome> {
  const [answer] = await Promise.race([once(node, 'message'), once(node, 'exit').then(() => [])])
  if (answer === undefined) throw new Error(`a node of the ledger ended with ${node.exitCode ?? node.signalCode}`)
  return answer
}

/** Of times, the worst of the nodes. */
function addUp(outcomes: readonly Outcome[]) {
  const worst = (of: (outcome: Outcome) => number) => Math.max(...outcomes.map(of))
  return {
    accepted: outcomes.reduce((sum, { accepted }) => sum + accepted, 0),
    seconds: worst(({ seconds }) => seconds),
    p50: worst(({ latency }) => latency.p50),
    p99: worst(({ latency }) => latency.p99),
  }
}
