// Canonical octets of an element where it stands, as of SignedInfo in its Signature: ours and
// libxml2's are the same under every method.

import { DSIG } from '../../packages/sender/src/attack/forging.ts'
import { canonicalizeFirstChild } from '../../packages/xmldsig/src/c14n/subtree.ts'
import { defaultLimits } from '../../packages/xmldsig/src/limits.ts'
import { EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf } from '../support/engine.ts'
import type { Campaign } from './campaign.ts'
import { Finding, show } from './finding.ts'
import { writeElement } from './grammar.ts'
import { canonicalizeElement, childElements, withDocument } from './libxml2.ts'
import type { Tape } from './tape.ts'
import { captureSignature, exclusive, judge } from './verdict.ts'

const methods = [
  exclusive,
  methodOf(INCLUSIVE),
  methodOf(INCLUSIVE_11),
  methodOf(EXCLUSIVE, ['', 'p']),
  methodOf(EXCLUSIVE, ['q', 'ds']),
]

export const subtrees: Campaign = {
  name: 'subtrees',
  share: 10,
  tapes: [300],
  judge(tape) {
    const document = Buffer.from(writeAround(tape))
    withDocument(document, tree => {
      const [signature] = childElements(tree.root)
      const [child] = childElements(signature!)
      const captured = judge(() => captureSignature(document))
      if (captured instanceof Error) throw new Finding(`we refuse it: ${captured.message}`, document)
      for (const method of methods) {
        const ours = canonicalizeFirstChild(captured.octets, captured.context, method, defaultLimits)
        const theirs = canonicalizeElement(child!, method)
        if (theirs === undefined) throw new Finding('libxml2 declines to canonicalize', document)
        if (!ours.equals(theirs))
          throw new Finding(`${method.algorithm}: ours ${show(ours)}, libxml2's ${show(theirs)}`, document)
      }
    })
    return 1
  },
}

/**
 * An element of the grammar in a Signature in a document element; those two declare what it may
 * use.
 */
function writeAround(tape: Tape): string {
  const outer = [
    ' xmlns="urn:d"',
    ' xmlns:p="urn:b"',
    " xmlns:q='urn:q'",
    ' xml:lang="&#x22;en"',
    ' xml:space="default"',
    ' xml:id="r"',
    ' a="1"',
  ]
  // No xml:* attributes: a Signature that has any is refused (docs/profile.md), so its children
  // need not inherit them from it.
  const inner = [' xmlns="urn:e"', ' xmlns=""', ' xmlns:p="urn:c"', ' xmlns:q="urn:q"', " b='2'"]
  const some = (parts: readonly string[]) => parts.filter(() => tape.below(3) === 0)
  // Two default namespaces in one tag are not well-formed.
  const root = some(outer).join('')
  const declared = some(inner).filter(
    (part, i, all) => !(part.startsWith(' xmlns=') && all.findIndex(p => p.startsWith(' xmlns=')) < i),
  )
  const scope = new Map([['ds', DSIG]])
  if (root.includes('xmlns:p') || declared.some(part => part.includes('xmlns:p'))) scope.set('p', 'urn:b')
  // Another ds:Signature would not be XML of the profile.
  const element = writeElement(tape, { isLoose: false, depth: 3 }, scope).replaceAll('ds:Signature', 'ds:Object')
  return `<r${root}><ds:Signature xmlns:ds="${DSIG}"${declared.join('')}>${element}<x/></ds:Signature></r>`
}
