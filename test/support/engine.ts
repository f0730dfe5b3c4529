// The engine's inner parts, for tests that compare them with other programs.
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Fault } from '@seg/core'
import type { CanonicalizationMethod } from '../../packages/xmldsig/src/c14n/canonicalizer.ts'
import { defaultLimits, type Limits } from '../../packages/xmldsig/src/limits.ts'
import { canonicalizations, EXCLUSIVE_C14N } from '../../packages/xmldsig/src/signature/algorithms.ts'
import { DocumentPass } from '../../packages/xmldsig/src/verifying/document-pass.ts'

export const EXCLUSIVE = EXCLUSIVE_C14N
export const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
export const INCLUSIVE_11 = 'http://www.w3.org/2006/12/xml-c14n11'

export function methodOf(algorithm: string, prefixes: readonly string[] = []): CanonicalizationMethod {
  const row = canonicalizations[algorithm]
  if (row === undefined) throw new TypeError(`no such canonicalization: ${algorithm}`)
  return { algorithm, ...row, inclusivePrefixes: new Set(prefixes) }
}

/** Canonical octets of a document without Signature, given in `pieces`. */
export function canonicalize(
  pieces: Iterable<Uint8Array>,
  method: CanonicalizationMethod,
  limits: Limits = defaultLimits,
): Buffer {
  const octets: Buffer[] = []
  const pass = new DocumentPass({ method, digest: 'sha256' }, limits, undefined, chunk =>
    octets.push(Buffer.from(chunk)),
  )
  for (const piece of pieces) pass.write(piece)
  pass.endUnsigned()
  return Buffer.concat(octets)
}

/** What `read` gives: its value as text, or the code and place of its Fault. */
export function verdictOf(read: () => Buffer | string): string {
  try {
    return read().toString('latin1')
  } catch (error) {
    if (error instanceof Fault) return `${error.code} ${error.detail}`
    throw error
  }
}

/** Every way to cut `bytes` in two, and the cut into single bytes. */
export function* cuts(bytes: Buffer): Generator<Uint8Array[]> {
  for (let i = 0; i <= bytes.length; i++) yield [bytes.subarray(0, i), bytes.subarray(i)]
  yield Array.from(bytes, byte => Uint8Array.of(byte))
}

const vectors = resolve(import.meta.dirname, '../../../shared/vectors')

/** Options that skip a test where the third-party vectors are not there. */
export const needsVectors = { skip: existsSync(vectors) ? false : 'the third-party vectors are not there' }

export function readVector(...path: string[]): Buffer {
  return readFileSync(join(vectors, ...path))
}
