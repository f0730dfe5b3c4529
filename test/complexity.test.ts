// Hostile shapes of documents: twice the document never costs much more than twice the work, up to
// every limit and beyond it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { atLength } from '@seg/core/testing/length'
import { generate, loadIdentity } from '@seg/pki'
import t from 'tap'
import { hostileShapes } from './support/hostile-shapes.ts'
import { openCounter } from './support/operations.ts'

/** Over two doublings, so that the one step of a piece (see `deliveries`) is no finding. */
const MOST_PER_TWO_DOUBLINGS = 2.3 ** 2

/**
 * How documents come: bytes of a piece, and of the largest document of a shape that no limit
 * bounds. A token that a piece cuts is read again when its bytes have doubled, which costs a factor
 * of up to three, once: sizes begin at two pieces, where most of that step is behind.
 */
const deliveries = [
  { piece: 1, largest: 2 ** 14 },
  { piece: 64, largest: 2 ** 16 },
  { piece: 2 ** 15, largest: 2 ** 19 },
]
/** The parts of the largest that are tried: without a limit, it can be left out. */
const PARTS = [8, 4, 2, 1]

const counter = await openCounter('/packages/xmldsig/src/')
t.teardown(() => counter.close())
const { openVerifier } = await import('@seg/xmldsig')

const folder = await mkdtemp(join(tmpdir(), 'seg-complexity-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
await generate({ out: folder, key: 'ec-p256' })
const { certificate } = await loadIdentity(folder, 'sender')

for (const shape of hostileShapes) {
  t.test(shape.name, async t => {
    for (const { piece, largest } of deliveries) {
      if (shape.largest !== undefined && piece > 64) continue
      const parts = shape.largest === undefined ? PARTS.slice(0, atLength(3, 4)) : PARTS
      const sizes = parts.map(part => Math.floor((shape.largest ?? largest) / part))
      const documents = sizes.map(size => Buffer.from(shape.write(size)))
      const counts = documents.map(() => Number.POSITIVE_INFINITY)
      const verdicts = new Set<string>()
      let growth: number[] = []
      // What earlier documents left known (declarations) is chance, and shows in documents as short
      // as those with a limit: then the least of a few tries counts.
      const tries = shape.largest === undefined ? 1 : 3
      for (let n = 0; n < tries && (n === 0 || mostOf(growth) > MOST_PER_TWO_DOUBLINGS); n++) {
        for (const [i, document] of documents.entries())
          counts[i] = Math.min(counts[i]!, await counter.count(() => verdicts.add(verify(document, piece))))
        growth = counts.slice(1).map((count, i) => count / counts[i]!)
      }
      const figures = growth.map(ratio => ratio.toFixed(2)).join(', ')
      t.ok(
        mostOf(growth) <= MOST_PER_TWO_DOUBLINGS,
        `pieces of ${piece}: ${figures} (sizes ${sizes.join(', ')}; ${[...verdicts].join(', ')})`,
      )
    }
  })
}

/** The most that two doublings in turn cost, of what each costs. */
function mostOf(growth: readonly number[]): number {
  return Math.max(...growth.slice(1).map((ratio, i) => ratio * growth[i]!))
}

/** Verifies a document given in pieces; returns the code of the refusal. */
function verify(document: Buffer, piece: number): string {
  const verifier = openVerifier(certificate)
  try {
    for (let at = 0; at < document.length; at += piece) verifier.write(document.subarray(at, at + piece))
    verifier.end()
  } catch (error) {
    if (error instanceof Fault) return error.code
    throw error
  }
  throw new TypeError('a hostile shape verifies')
}
