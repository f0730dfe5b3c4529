// Nodes of one ledger on PostgreSQL under load, and what must be true of it afterwards.
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '@seg/core'
import type { Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { openEvidence, openLedger } from '../stores.ts'
import { verifyLedger } from '../verification/verify-ledger.ts'
import { checks } from './entry-sealer.ts'
import { makeFolder, makeSample, sender } from './sample-documents.ts'
import { acceptBytes, logKey, verifierKey } from './test-log.ts'

/** The module of its sealer, and what that is opened with. */
type NodeSealer = { readonly module: string; readonly data: unknown }

const sealer: NodeSealer = { module: new URL('./entry-sealer.ts', import.meta.url).href, data: undefined }

export type Node = { readonly ledger: Ledger; readonly folder: string }

export async function openNode(t: Test, url: string, folder?: string, sealing = sealer): Promise<Node> {
  const place = folder ?? (await makeFolder(t))
  const address = { ledger: url, password: undefined }
  const ledger = await openLedger(place, { log: logKey, sealer: sealing, address })
  t.teardown(() => ledger.close())
  return { ledger, folder: place }
}

/** What was acknowledged, by id. */
export type Acknowledged = Map<string, { readonly index: number; readonly receipt: Buffer }>

/** Documents one after the other, until it is aborted; what fails is asked for again. */
export async function load(
  { ledger }: Node,
  name: string,
  acknowledged: Acknowledged,
  signal: AbortSignal,
): Promise<number> {
  let longest = 0
  for (let i = 0; !signal.aborted; ) {
    const id = `${name}-${i}`
    const { document, bytes } = makeSample(id, { size: i % 40 === 39 ? 300_000 : 2500 })
    const begun = performance.now()
    try {
      acknowledged.set(id, await acceptBytes(ledger, document, bytes))
      i++
    } catch (error) {
      if ((error as Fault).code !== 'storage-unavailable') throw error
      await pause(20)
    }
    longest = Math.max(longest, performance.now() - begun)
  }
  return longest
}

/** The log is whole, and has every document that was acknowledged, with that receipt. */
export async function checkAll(t: Test, { folder, ledger }: Node, acknowledged: Acknowledged): Promise<void> {
  const verifying = verifyLedger(openEvidence(folder), verifierKey, checks)
  let step = await verifying.next()
  while (!step.done) step = await verifying.next()
  t.ok(
    step.value.documents >= acknowledged.size,
    `${step.value.documents} documents of ${step.value.head.size} entries`,
  )
  const lost: string[] = []
  for (const [id, { index, receipt }] of acknowledged) {
    const [found, stored] = [await ledger.find(sender, id), await ledger.receipt(sender, id)]
    if (found?.index !== index || stored?.equals(receipt) !== true) lost.push(id)
  }
  t.same(lost, [], `${acknowledged.size} acknowledged, none lost`)
}
