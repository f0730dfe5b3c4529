// Canonical octets of whole documents: ours, libxml2's and xmllint's are the same under every
// method.
import { EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf } from '../support/engine.ts'
import { Batch, type Run } from './batch.ts'
import type { Campaign } from './campaign.ts'
import { Finding, show } from './finding.ts'
import { writeDocument } from './grammar.ts'
import { canonicalize, escapeUris, withDocument } from './libxml2.ts'
import type { Tape } from './tape.ts'
import { exclusive, readCanonical } from './verdict.ts'

const methods = [exclusive, methodOf(INCLUSIVE), methodOf(INCLUSIVE_11)]
const listablePrefixes = ['', 'p', 'q', 'a', 'A', 'ü', '\u{10000}', 'soap', 'absent']
const xmllintOptions = { '--exc-c14n': EXCLUSIVE, '--c14n': INCLUSIVE, '--c14n11': INCLUSIVE_11 }
/**
 * xmllint starts again for each document that it finds fault with: one of so many is put aside for
 * it.
 */
const XMLLINT_EVERY = 20

export function canonicalOctets(folder: string): Campaign {
  const batch = Batch.for('xmllint', folder, checkWithXmllint)
  return {
    name: 'canonical-octets',
    share: 20,
    tapes: [400],
    judge(tape) {
      const list = listablePrefixes.filter(() => tape.below(3) === 0)
      const document = Buffer.from(writeDocument(tape, { isLoose: false, depth: 5 }))
      compare(document, [...methods, methodOf(EXCLUSIVE, list)], tape)
      if (tape.below(XMLLINT_EVERY) === 0) batch.add(document)
      return 1
    },
    finish: isLast => batch.finish(isLast),
  }
}

function compare(document: Buffer, methodsAsked: typeof methods, tape: Tape): void {
  withDocument(document, tree => {
    for (const method of methodsAsked) {
      const isWatched = tape.below(2) === 1
      const ours = readCanonical([document], { method, isWatched })
      const theirs = canonicalize(tree, method)
      if (theirs === undefined) throw new Finding('libxml2 declines to canonicalize', document)
      if (ours instanceof Error) throw new Finding(`we refuse it: ${ours.message}`, document)
      if (!ours.equals(theirs))
        throw new Finding(`${method.algorithm}: ours ${show(ours)}, libxml2's ${show(theirs)}`, document)
    }
  })
}

function checkWithXmllint(documents: readonly Buffer[], files: readonly string[], run: Run): void {
  for (const [option, algorithm] of Object.entries(xmllintOptions)) {
    const method = methodOf(algorithm)
    const ours = documents.map(document => readCanonical([document], { method }).toString())
    const readAll = (paths: readonly string[]) => escapeUris(Buffer.from(run([option, ...paths]).stdout)).toString()
    if (readAll(files) === ours.join('')) continue
    const i = files.findIndex((file, i) => readAll([file]) !== ours[i])
    throw new Finding(`xmllint ${option} writes other octets: ${readAll([files[i]!])}, ours ${ours[i]}`, documents[i]!)
  }
}
