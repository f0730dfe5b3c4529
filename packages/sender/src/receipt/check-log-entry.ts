// Is the acceptance an entry of the receiver's log, under a checkpoint that its log key signed?
// (docs/log.md)
import { amount, Fault, quote } from '@seg/core'
import {
  type AcceptedEvent,
  hashLeaf,
  isSignedWith,
  type LogVerifier,
  openCheckpoint,
  parseVerifierKey,
  readEntry,
  type SeenCheckpoint,
  verifyInclusion,
} from '@seg/ledger'
import { loadPeerTrust, loadVerifierKeys, logName, type PeerTrust } from '@seg/pki'
import type { LogEntry, ReceiptFacts } from '@seg/xmldsig'

/** The CAs whose seals count, and the keys of the logs of those that we send to. */
export type ReceiptTrust = PeerTrust & { readonly logs: readonly LogVerifier[] }

/**
 * Reads `ca.crt`, `ca.crl` and `log.pub` with a verifier key a line. Throws the Faults
 * `configuration`, `crl-invalid` and `crl-kind`.
 */
export async function loadReceiptTrust(certs: string, previous?: ReceiptTrust): Promise<ReceiptTrust> {
  const [trust, keys] = await Promise.all([loadPeerTrust(certs, previous), loadVerifierKeys(certs)])
  return { ...trust, logs: keys.map(parseVerifierKey) }
}

/**
 * The tree that a receipt's entry stands in, and whose key vouches for it: `log` names that key for
 * good.
 */
export type ShownTree = SeenCheckpoint & { readonly log: string }

/** Throws the Faults `receipt-invalid` and `log-invalid`, with what was expected and found. */
export function checkLogEntry({ logEntry, ...receipt }: ReceiptFacts, logs: readonly LogVerifier[]): ShownTree {
  const name = logName(receipt.receiverId)
  const keys = logs.filter(log => log.name === name)
  // After a change of the key, log.pub has a line for each.
  const verifier = keys.find(log => isSignedWith(logEntry.checkpoint, log)) ?? keys[0]
  if (verifier === undefined)
    throw new Fault('receipt-invalid', `log.pub has no key of the log ${quote(name)} of the receipt's receiver`)
  const tree = openCheckpoint(logEntry.checkpoint, verifier)
  if (tree.size !== logEntry.treeSize)
    throw new Fault(
      'receipt-invalid',
      `the checkpoint is of ${amount(tree.size, 'entry')}, the receipt says ${logEntry.treeSize}`,
    )
  verifyInclusion({ leafHash: hashLeaf(logEntry.leaf), index: logEntry.index, proof: logEntry.proof, tree })
  checkLeaf(logEntry, receipt)
  return { ...tree, note: logEntry.checkpoint, log: `${name}+${verifier.hash.toString('hex')}` }
}

/** What the entry says was accepted. Throws the Faults `receipt-invalid` and `log-invalid`. */
export function readAcceptance({ leaf, opening }: LogEntry): AcceptedEvent {
  const entry = readEntry(leaf, opening)
  if (entry.type === 'accepted') return entry
  throw new Fault('receipt-invalid', `the entry of the log is of the type ${entry.type}, not accepted`)
}

function checkLeaf(logEntry: LogEntry, receipt: Omit<ReceiptFacts, 'logEntry'>): void {
  const entry = readAcceptance(logEntry)
  const pairs: readonly (readonly [what: string, found: string, expected: string])[] = [
    ['sender', entry.sender, receipt.senderId],
    ['document', entry.document, receipt.documentId],
    ['sha256', entry.sha256, receipt.documentDigest.toString('base64')],
    ['reference', entry.reference, receipt.referenceDigest.toString('base64')],
    ['at', entry.at, receipt.acceptedAt],
  ]
  for (const [what, found, expected] of pairs) {
    if (found !== expected)
      throw new Fault(
        'receipt-invalid',
        `${what} in the entry of the log is ${quote(found)}, the receipt says ${quote(expected)}`,
      )
  }
}
