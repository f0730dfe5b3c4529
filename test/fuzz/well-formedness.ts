// Whether a document is well-formed: we accept none that libxml2 refuses, and refuse what it
// accepts for known reasons only.
import type { Campaign } from './campaign.ts'
import { isOnlyOurs, isOnlyTheirs } from './differences.ts'
import { Finding, show } from './finding.ts'
import { writeDocument } from './grammar.ts'
import { canonicalize, refusalOf, withDocument } from './libxml2.ts'
import { mutate } from './mutate.ts'
import { exclusive, readCanonical } from './verdict.ts'

const MUTANTS = 6

export const wellFormedness: Campaign = {
  name: 'well-formedness',
  share: 30,
  tapes: [300, 160],
  judge(tape, changes) {
    const document = Buffer.from(writeDocument(tape, { isLoose: true, depth: 4 }))
    compare(document)
    for (let i = 0; i < MUTANTS; i++) compare(mutate(document, changes))
    return 1 + MUTANTS
  },
}

function compare(document: Buffer): void {
  const ours = readCanonical([document])
  const theirs = refusalOf(document)
  if (ours instanceof Error) {
    if (theirs === undefined && !isOnlyOurs(ours, document))
      throw new Finding(`only we refuse it: ${ours.message}`, document)
    return
  }
  if (theirs !== undefined) {
    if (!isOnlyTheirs(theirs)) throw new Finding(`only libxml2 refuses it: ${theirs}`, document)
    return
  }
  const octets = withDocument(document, tree => canonicalize(tree, exclusive))
  if (octets !== undefined && !octets.equals(ours))
    throw new Finding(`ours ${show(ours)}, libxml2's ${show(octets)}`, document)
}
