// More than the receiver can take: what it refuses it refuses fast, what it acknowledges it keeps,
// and it recovers by itself.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rootFolder } from '@seg/core'
import { type Load, measureAt } from './compare.ts'
import type { Scene } from './scene.ts'
import type { Outcome } from './tally.ts'

export type Overload = {
  /** Documents per second: what it was offered, and what it accepted meanwhile. */
  readonly offered: number
  readonly accepted: number
  readonly outcome: Outcome
  /**
   * Whole seconds at half its speed until p99 is at most twice what it was before, for three
   * seconds in a row; undefined: not while it was watched.
   */
  readonly recovery: number | undefined
}

/** More than the receiver works on at once: senders do not wait for one another. */
const CONNECTIONS = 512
const WATCHED = 15
const IN_A_ROW = 3

/**
 * `speed`: documents per second that the receiver can take; `normal`: p99 at half of it, in
 * milliseconds.
 */
export async function overload(
  scene: Scene,
  load: Load,
  speed: number,
  normal: number,
  seconds: number,
): Promise<Overload> {
  const { generator, receiver } = scene
  const { payload } = load
  await generator.sign({ payload, count: Math.ceil(speed * seconds * 2) + CONNECTIONS })
  await generator.connect({ ports: [receiver.port], count: CONNECTIONS, client: 'lean' })
  const offered = speed * 3
  const outcome = await generator.runOpen({ payload, stock: 'fresh', rate: offered, seconds, isPatient: false })
  const isNormal = (p99s: readonly number[]) => p99s.every(p99 => p99 <= 2 * normal)
  const { p99BySecond } = await measureAt(scene, load, speed / 2, WATCHED)
  const recovery = p99BySecond.findIndex(
    (_, second) => second + IN_A_ROW <= WATCHED && isNormal(p99BySecond.slice(second, second + IN_A_ROW)),
  )
  return {
    offered,
    accepted: outcome.accepted / outcome.seconds,
    outcome,
    recovery: recovery < 0 ? undefined : recovery,
  }
}

export type Kept = { readonly acknowledged: number; readonly missing: number }

/** Whether every document that was ever acknowledged is there. */
export async function countKept({ data, generator }: Scene, loads: readonly Load[]): Promise<Kept> {
  const list = [join(rootFolder, 'packages/receiver/src/main.ts'), 'documents', 'list', '--json', '--data', data]
  const { stdout } = await promisify(execFile)(process.execPath, list, { maxBuffer: 2 ** 30 })
  const { documents } = JSON.parse(stdout) as { documents: { id: string }[] }
  const kept = new Set(documents.map(({ id }) => id))
  let [acknowledged, missing] = [0, 0]
  for (const payload of new Set(loads.map(load => load.payload))) {
    const ids = await generator.listAccepted({ payload })
    acknowledged += ids.length
    missing += ids.filter(id => !kept.has(id)).length
  }
  return { acknowledged, missing }
}
