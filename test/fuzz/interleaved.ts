// Documents that come at the same time, piece by piece in turns, each get the verdict that they get
// alone: what the engine keeps between documents means nothing for any of them.
import { defaultLimits } from '../../packages/xmldsig/src/limits.ts'
import { DocumentPass } from '../../packages/xmldsig/src/verifying/document-pass.ts'
import type { Campaign } from './campaign.ts'
import { Finding, show } from './finding.ts'
import { writeElement } from './grammar.ts'
import { mutate } from './mutate.ts'
import type { Tape } from './tape.ts'
import { cut, exclusive, judge, readCanonical } from './verdict.ts'

export const interleaved: Campaign = {
  name: 'interleaved',
  share: 10,
  tapes: [400, 200],
  judge(tape, changes) {
    const documents = writeDocuments(tape, changes)
    const alone = documents.map(document => describe(readCanonical([document])))
    const together = readTogether(documents, changes)
    for (const [i, document] of documents.entries())
      if (together[i] !== alone[i]) throw new Finding(`alone: ${alone[i]}; in turns: ${together[i]}`, document)
    return documents.length
  },
}

/** They share elements, so that what one leaves known is met by the others. */
function writeDocuments(tape: Tape, changes: Tape): Buffer[] {
  const elements = Array.from({ length: 2 }, () => writeElement(tape, { isLoose: false, depth: 3 }, new Map()))
  return Array.from({ length: 2 + changes.below(3) }, () => {
    const content = Array.from({ length: 1 + changes.below(6) }, () => elements[changes.below(elements.length)]).join(
      '',
    )
    const document = Buffer.from(`<r>${content}</r>`)
    return changes.below(2) === 0 ? document : mutate(document, changes)
  })
}

function readTogether(documents: readonly Buffer[], changes: Tape): string[] {
  const readers = documents.map(document => {
    const octets: Buffer[] = []
    const pass = new DocumentPass({ method: exclusive, digest: 'sha256' }, defaultLimits, undefined, chunk =>
      octets.push(Buffer.from(chunk)),
    )
    return { pass, octets, pieces: cut(document, changes), verdict: undefined as string | undefined }
  })
  for (let open = readers; open.length > 0; open = open.filter(({ verdict }) => verdict === undefined)) {
    const reader = open[changes.below(open.length)]!
    const verdict = judge(() => {
      const piece = reader.pieces.shift()
      if (piece !== undefined) return void reader.pass.write(piece)
      reader.pass.endUnsigned()
      return Buffer.concat(reader.octets)
    })
    if (verdict !== undefined) reader.verdict = describe(verdict)
  }
  return readers.map(({ verdict }) => verdict!)
}

function describe(verdict: Buffer | Error): string {
  return verdict instanceof Error ? verdict.message : show(verdict)
}
