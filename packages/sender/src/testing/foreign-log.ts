// The log of a receiver written by someone else: its leaves in memory, its hashes computed again
// each time, straight from RFC 6962 2.1.
import { hash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type Opening, openCheckpointSigner, parseTilePath } from '@seg/ledger'
import { loadIdentity, loadLogKey } from '@seg/pki'
import type { LogEntry } from '@seg/xmldsig'

const sha256 = (...octets: Uint8Array[]) => hash('sha256', Buffer.concat(octets), 'buffer')

export class ForeignLog {
  /** A test may put others in their place. */
  leaves: Buffer[] = []
  readonly #certs: string

  constructor(certs: string) {
    this.#certs = certs
  }

  async append(leaf: Buffer, opening?: Opening): Promise<LogEntry> {
    this.leaves.push(leaf)
    return this.prove(this.leaves.length - 1, opening)
  }

  /** The entry at `index` in the tree as it is now. */
  async prove(index: number, opening?: Opening): Promise<LogEntry> {
    const leaves = [...this.leaves]
    const checkpoint = await this.#sign(leaves)
    return { index, treeSize: leaves.length, leaf: leaves[index]!, opening, proof: pathTo(index, leaves), checkpoint }
  }

  async #sign(leaves: readonly Buffer[]): Promise<string> {
    const { name, privateKey } = await loadLogKey(this.#certs, (await loadIdentity(this.#certs, 'receiver')).id)
    return openCheckpointSigner({ name, privateKey })({ size: leaves.length, root: rootOf(leaves) })
  }

  /** Answers a request for a tile, or for the checkpoint of now. */
  answer(path: string, response: ServerResponse): void {
    if (path === 'checkpoint') return void this.#sign(this.leaves).then(note => response.writeHead(200).end(note))
    const name = parseTilePath(path)
    if (name === undefined || name.level === 'entries') return void response.writeHead(404).end()
    const span = 256 ** name.level
    const hashes = Array.from({ length: name.width }, (_, i) => {
      const from = (name.index * 256 + i) * span
      return from + span <= this.leaves.length ? rootOf(this.leaves.slice(from, from + span)) : undefined
    })
    if (hashes.includes(undefined)) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.concat(hashes as Buffer[]))
  }
}

const logs = new Map<string, ForeignLog>()

/** The log whose key is in this folder: one for all receivers of a test file that share it. */
export function logOf(certs: string): ForeignLog {
  const log = logs.get(certs) ?? new ForeignLog(certs)
  logs.set(certs, log)
  return log
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!)
  const middle = splitOf(leaves.length)
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)))
}

function pathTo(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return []
  const middle = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)]
  return index < middle ? [...pathTo(index, left), rootOf(right)] : [...pathTo(index - middle, right), rootOf(left)]
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1)
}
