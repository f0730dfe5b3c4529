// The entry of the log: what was accepted, and that it stands in a tree which the log signed.
import { concerning, describeCheck, type EvidenceCheck, expectEqual, givenDocument } from './check.ts'
import { isIncluded, logNameOf, openSignedTree } from './checkpoint.ts'
import { openFacts, readAcceptedLeaf } from './log-entry.ts'
import { expectProven } from './not-proven.ts'

export const logChecks = {
  leaf: describeCheck(
    'the entry of the log is an acceptance at that time',
    'docs/log.md, Entries',
    ['receipt'],
    ({ receipt }) => {
      const { at } = readAcceptedLeaf(receipt.leaf)
      const fields = ['AcceptedAt', 'Leaf']
      expectProven(at === receipt.acceptedAt, `AcceptedAt is ${receipt.acceptedAt}, the leaf says ${at}`, fields)
      return undefined
    },
  ),
  opening: describeCheck(
    'the entry commits to the facts in the receipt',
    'docs/log.md, Entries',
    ['receipt'],
    async ({ receipt }) => ({ facts: await openFacts(receipt, readAcceptedLeaf(receipt.leaf)) }),
  ),
  facts: describeCheck(
    'the facts are those of the receipt',
    'docs/log.md, Entries',
    ['receipt', 'facts'],
    ({ receipt, facts }) => {
      const pairs = [
        ['SenderID', receipt.sender, facts.sender],
        ['DocumentID', receipt.document, facts.document],
        ['DocumentDigest', receipt.sha256, facts.sha256],
        ['ReferenceDigest', receipt.reference, facts.reference],
      ] as const
      return expectEqual(pairs, 'the entry of the log')
    },
  ),
  length: describeCheck('they give the length of the document', 'docs/log.md, Entries', ['facts'], known => {
    const { length } = givenDocument(known).octets
    const said = known.facts.bytes
    expectProven(said === length, `the entry of the log says ${said} bytes, the document has ${length}`, ['Facts'])
    return undefined
  }),
  checkpoint: describeCheck(
    'the log of the receiver signed the checkpoint',
    'C2SP signed-note, tlog-checkpoint',
    ['receipt'],
    async ({ given, receipt }) => {
      const open = () => openSignedTree(receipt.checkpoint, given.trustedKeys, logNameOf(receipt.receiver))
      return { tree: await concerning(['Checkpoint'], open) }
    },
  ),
  size: describeCheck(
    'it is of the tree that the receipt names',
    'C2SP tlog-checkpoint',
    ['receipt', 'tree'],
    ({ receipt, tree }) => expectEqual([['TreeSize', receipt.treeSize, tree.size]], 'the checkpoint'),
  ),
  inclusion: describeCheck(
    'the entry is in that tree',
    'RFC 6962 2.1.1; RFC 9162 2.1.3.2',
    ['receipt', 'tree'],
    async ({ receipt: { leaf, index, proof }, tree }) => {
      expectProven(
        await isIncluded(leaf, index, proof, tree),
        `from entry ${index} the proof does not lead to the root of the tree of ${tree.size}`,
        ['Index', 'Hash', 'Leaf'],
      )
      return undefined
    },
  ),
} as const satisfies Readonly<Record<string, EvidenceCheck>>
