// Signed documents, changed: what we accept has the canonical form that was signed, and verifies
// with libxml2 and node:crypto and with xmlsec1.
import { join } from 'node:path'
import { openVerifier, type VerifiedDocument, Verifier, verifyDocument } from '@seg/xmldsig'
import type { ForgingKey } from '../../packages/sender/src/attack/forging.ts'
import { Batch, type Check } from './batch.ts'
import type { Campaign } from './campaign.ts'
import { isOnlyTheirs } from './differences.ts'
import { Finding } from './finding.ts'
import { mutate } from './mutate.ts'
import { type Reference, verifyByTree, writeSigned } from './signed-documents.ts'
import type { Tape } from './tape.ts'
import { cut, judge, judgeBothWays } from './verdict.ts'

const MUTANTS = 8

/** `folder` has the files of `pki gen`. */
export function tampering(folder: string, key: ForgingKey): Campaign & { accepted: number } {
  const batch = Batch.for('xmlsec1', folder, checkWithXmlsec1(folder))
  const campaign = {
    name: 'tampering',
    share: 20,
    /** Changed documents that we accepted: those whose canonical form is as before. */
    accepted: 0,
    tapes: [240, 200],
    judge(tape: Tape, changes: Tape) {
      const document = writeSigned(tape, key)
      const signed = checkAccepted(document, verifyDocument(document, key.certificate), key)
      putAside(batch, document)
      for (let i = 0; i < MUTANTS; i++) {
        const mutant = mutate(document, changes)
        const verdict = judgeBothWays(mutant, () => judge(() => verifyDocument(mutant, key.certificate)))
        checkPieces(mutant, verdict, key, changes)
        if (verdict instanceof Error) continue
        const found = checkAccepted(mutant, verdict, key)
        if (found === undefined) continue
        if (!found.digest.equals(signed!.digest))
          throw new Finding('accepted with another digest than the one signed', mutant)
        campaign.accepted++
        putAside(batch, mutant)
      }
      return 1 + MUTANTS
    },
    finish: (isLast: boolean) => batch.finish(isLast),
  }
  return campaign
}

/**
 * What verifies by tree must be what we say was signed; undefined for what libxml2 refuses as it
 * should not.
 */
function checkAccepted(document: Buffer, ours: VerifiedDocument, key: ForgingKey): Reference | undefined {
  const theirs = judgeByTree(document, key)
  if (theirs instanceof Error && isOnlyTheirs(theirs.message)) return undefined
  if (theirs instanceof Error)
    throw new Finding(`we accept it, libxml2 and node:crypto do not: ${theirs.message}`, document)
  const isSame =
    ours.signature.digest.equals(theirs.digest) &&
    ours.id === theirs.id &&
    ours.senderId === theirs.senderId &&
    ours.receiverId === theirs.receiverId &&
    ours.timestamp === theirs.timestamp
  if (!isSame) throw new Finding(`we read ${JSON.stringify(ours)}, libxml2 reads ${JSON.stringify(theirs)}`, document)
  return theirs
}

function judgeByTree(document: Buffer, key: ForgingKey): Reference | Error {
  try {
    return verifyByTree(document, key)
  } catch (error) {
    return error as Error
  }
}

/** The verdict is the same for the document in pieces, on both passes. */
function checkPieces(document: Buffer, whole: VerifiedDocument | Error, key: ForgingKey, tape: Tape): void {
  if (tape.below(4) !== 0) return
  const inPieces = judge(() => {
    let verdict: VerifiedDocument | Verifier<VerifiedDocument> = openVerifier(key.certificate)
    while (verdict instanceof Verifier) {
      const verifier: Verifier<VerifiedDocument> = verdict
      for (const piece of cut(document, tape)) verifier.write(piece)
      verdict = verifier.end()
    }
    return verdict
  })
  const [a, b] = [whole, inPieces].map(verdict =>
    verdict instanceof Error ? verdict.message : JSON.stringify(verdict),
  )
  if (a !== b) throw new Finding(`whole: ${a}; in pieces: ${b}`, document)
}

/**
 * libxml2 does not escape namespace URIs (see its own file), so xmlsec1 computes another digest
 * where one has a `&`.
 */
function putAside(batch: Batch, document: Buffer): void {
  if (!/xmlns[^=]*=\s*("[^"&]*&|'[^'&]*&)/.test(document.toString('latin1'))) batch.add(document)
}

function checkWithXmlsec1(folder: string): Check {
  const trust = [
    '--id-attr:id',
    'CriticalDocument',
    '--enabled-key-data',
    'key-name,rsa,ecdsa',
    '--pubkey-cert-pem',
    join(folder, 'sender.crt'),
  ]
  return (documents, files, run) => {
    // It stops at the first document that does not verify.
    const { stderr } = run(['--verify', ...trust, ...files])
    const verified = stderr.match(/^OK$/gm)?.length ?? 0
    if (verified < files.length) throw new Finding(`we accept it, xmlsec1 does not: ${stderr}`, documents[verified]!)
  }
}
