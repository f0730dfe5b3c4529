// The verdict on a document, with the place of a refusal, does not depend on the pieces it comes
// in, nor on who watches.
import { defaultLimits, type Limits } from '../../packages/xmldsig/src/limits.ts'
import type { Campaign } from './campaign.ts'
import { Finding, show } from './finding.ts'
import { writeDocument } from './grammar.ts'
import { mutate } from './mutate.ts'
import type { Tape } from './tape.ts'
import { cut, readCanonical } from './verdict.ts'

const CUTS = 4

export const pieces: Campaign = {
  name: 'pieces',
  share: 10,
  tapes: [300, 120],
  judge(tape, changes) {
    const written = Buffer.from(writeDocument(tape, { isLoose: false, depth: 5 }))
    const document = changes.below(3) === 0 ? written : mutate(written, changes)
    const limits = pickLimits(changes)
    const whole = describe(readCanonical([document], { limits }))
    for (let i = 0; i < CUTS; i++) {
      const isWatched = changes.below(2) === 1
      const inPieces = describe(readCanonical(cut(document, changes), { limits, isWatched }))
      if (inPieces !== whole) throw new Finding(`whole: ${whole}; in pieces: ${inPieces}`, document)
    }
    return 1
  },
}

/** The profile's limits, or some that documents of the grammar reach. */
function pickLimits(tape: Tape): Limits {
  if (tape.below(3) > 0) return defaultLimits
  return {
    ...defaultLimits,
    depth: 2 + tape.below(3),
    attributes: 1 + tape.below(3),
    namespaces: 1 + tape.below(3),
    nameBytes: 1 + tape.below(12),
    valueBytes: 1 + tape.below(24),
  }
}

function describe(verdict: Buffer | Error): string {
  return verdict instanceof Error ? verdict.message : show(verdict)
}
