// What our engine says of a document, as a value: canonical octets or the Fault, however the bytes
// come and whoever watches.

import { Fault } from '@seg/core'
import type { CanonicalizationMethod } from '../../packages/xmldsig/src/c14n/canonicalizer.ts'
import { defaultLimits, type Limits } from '../../packages/xmldsig/src/limits.ts'
import type { CapturedSignature } from '../../packages/xmldsig/src/signature/captured-signature.ts'
import { type DocumentObserver, DocumentPass } from '../../packages/xmldsig/src/verifying/document-pass.ts'
import { fastPath } from '../../packages/xmldsig/src/xml/fast/fast-content.ts'
import { REPORT_ALL } from '../../packages/xmldsig/src/xml/token-handler.ts'
import { EXCLUSIVE, methodOf } from '../support/engine.ts'
import { Finding } from './finding.ts'
import type { Tape } from './tape.ts'

// Documents of the fuzzer are short.
fastPath.knownFrom = 0

export const exclusive = methodOf(EXCLUSIVE)

/** What `read` returns, or the Fault that it throws. */
export function judge<Result>(read: () => Result): Result | Fault {
  try {
    return read()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

/**
 * Every element to a depth of 3 is reported to it, so the engine takes its slow path through plain
 * markup, too.
 */
const watcher: DocumentObserver = {
  textDepth: 2,
  unreportedDepth: REPORT_ALL,
  startTag() {},
  endTag() {},
  text() {},
  signature() {},
}

export type Reading = {
  readonly method?: CanonicalizationMethod
  readonly limits?: Limits
  readonly isWatched?: boolean
}

/**
 * Canonical octets of a document without its Signature; throws a Finding when the engine's fast
 * path and its tokenizer alone differ.
 */
export function readCanonical(pieces: readonly Uint8Array[], reading: Reading = {}): Buffer | Fault {
  return judgeBothWays(Buffer.concat(pieces), () => readOneWay(pieces, reading))
}

/**
 * What `read` gives, with the engine's fast path and without; throws a Finding when that is not the
 * same.
 */
export function judgeBothWays<Result extends object>(document: Buffer, read: () => Result | Fault): Result | Fault {
  const verdict = read()
  fastPath.isOn = false
  try {
    const [fast, slow] = [verdict, read()].map(describeVerdict)
    if (fast !== slow) throw new Finding(`with the fast path: ${fast}; without: ${slow}`, document)
  } finally {
    fastPath.isOn = true
  }
  return verdict
}

function describeVerdict(verdict: object): string {
  if (Buffer.isBuffer(verdict)) return verdict.toString('latin1')
  return verdict instanceof Error ? `refused: ${verdict.message}` : JSON.stringify(verdict)
}

function readOneWay(pieces: readonly Uint8Array[], reading: Reading): Buffer | Fault {
  const { method = exclusive, limits = defaultLimits, isWatched = false } = reading
  return judge(() => {
    const octets: Buffer[] = []
    const observer = isWatched ? watcher : undefined
    const pass = new DocumentPass({ method, digest: 'sha256' }, limits, observer, chunk =>
      octets.push(Buffer.from(chunk)),
    )
    for (const piece of pieces) pass.write(piece)
    pass.endUnsigned()
    return Buffer.concat(octets)
  })
}

/** The Signature of a document with what it inherits. */
export function captureSignature(bytes: Uint8Array): CapturedSignature {
  const pass = new DocumentPass({ method: exclusive, digest: 'sha256' }, defaultLimits)
  pass.write(bytes)
  return pass.end().signature
}

/** The bytes in pieces: single ones, or cut in up to eight places. */
export function cut(bytes: Buffer, tape: Tape): Uint8Array[] {
  // Each piece in memory of its own, so that nothing can be read beyond its end.
  if (tape.chance(25)) return Array.from(bytes, byte => Uint8Array.of(byte))
  const places = Array.from({ length: 1 + tape.below(8) }, () => tape.below(Math.min(bytes.length + 1, 65536))).sort(
    (a, b) => a - b,
  )
  return [0, ...places].map((from, i) => Uint8Array.from(bytes.subarray(from, places[i] ?? bytes.length)))
}
