// The thread of the index: the next accepted document is read from the ledger, verified, and its
// canonical octets are asked for values. One that takes too long ends with this thread.
import { X509Certificate } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { asFault, quote } from '@seg/core'
import { type LedgerReader, openLedgerReader } from '@seg/ledger'
import { type FoundValues, type NextDocument, openValueStore, type ValueStore } from '@seg/operators'
import { type DocumentType, openVerifier, type VerifiedDocument, Verifier } from '@seg/xmldsig'
import { compileExpression, ParsedXml, type XmlExpression } from '../schemas/libxml2.ts'
import { LOADED } from '../shares/bounded-thread.ts'

export type IndexOptions = {
  readonly folder: string
  readonly types: readonly DocumentType[]
  /** Of the expressions. */
  readonly version: string
  /** Of the largest document that is evaluated. */
  readonly mostBytes: number
}

/**
 * `compile`: only try the expressions out. `find`: of one slow partner, or of all others, whose
 * turns are their own. `reason`: why the document is not evaluated. `wait`: what its partner sent
 * behind it waits for turns.
 */
export type IndexQuestion =
  | { readonly do: 'compile' }
  | { readonly do: 'find'; readonly of?: number }
  | { readonly do: 'evaluate'; readonly document: NextDocument; readonly reason?: string }
  | { readonly do: 'wait'; readonly document: NextDocument }
export type IndexAnswer = {
  readonly document?: NextDocument | undefined
  /** Partners whose documents wait for turns of their own. */
  readonly slow?: readonly number[]
  readonly problem?: string | undefined
}

/** Of one expression in one document; characters of one value. */
const MOST_NODES = 32
const LONGEST = 512

const { folder, types, version, mostBytes } = workerData as IndexOptions
// On Linux a thread has a priority of its own: where processors are busy, documents go first.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW)

type Expressions = ReadonlyMap<string, XmlExpression>
const compiled = new Map<string, Expressions>()
let ledger: LedgerReader | undefined
let store: ValueStore | undefined

parentPort?.on('message', (question: IndexQuestion) => {
  answer(question).then(
    found => parentPort?.postMessage(found),
    error => parentPort?.postMessage({ problem: asFault(error).message } satisfies IndexAnswer),
  )
})
parentPort?.postMessage(LOADED)

async function answer(question: IndexQuestion): Promise<IndexAnswer> {
  if (question.do === 'compile') return { problem: tryOut() }
  store ??= await openValueStore(folder, version)
  if (store === undefined) return {}
  if (question.do === 'find') {
    const document = question.of === undefined ? store.next() : store.nextOf(question.of)
    return { document, slow: store.slow() }
  }
  const { document } = question
  if (question.do === 'wait') store.wait(document)
  else {
    const { reason } = question
    store.enter(document, reason === undefined ? await findValues(document.index) : notEvaluated(reason))
  }
  return {}
}

function tryOut(): string | undefined {
  for (const { name, index, prefixes } of types)
    for (const value of index) {
      try {
        compileExpression(value.xpath, prefixes)
      } catch (error) {
        return (
          `documents.${name}.index.${value.name}: ` +
          `${quote(value.xpath)} is no XPath expression: ${(error as Error).message.trim()}`
        )
      }
    }
  return undefined
}

async function findValues(index: number): Promise<FoundValues> {
  ledger ??= openLedgerReader(folder)
  try {
    const event = await ledger.event(index)
    if (event?.type !== 'accepted') return notEvaluated('its facts were erased')
    const { sender, document: id, bytes } = event
    if (bytes > mostBytes) return notEvaluated(`it has ${bytes} bytes, evaluated are those of at most ${mostBytes}`)
    const [chain, pieces] = await Promise.all([ledger.chain(sender, id), ledger.read(sender, id)])
    const [certificate] = chain ?? []
    if (certificate === undefined || pieces === undefined)
      return notEvaluated('its certificate was not kept: it was accepted by an earlier version')
    const octets = Buffer.concat(await Array.fromAsync(pieces))
    const { type, canonical } = canonicalOctets(octets, new X509Certificate(certificate))
    return evaluateAll(type, canonical)
  } catch (error) {
    return notEvaluated(asFault(error).message)
  }
}

/** What the signature covers, and nothing else. */
function canonicalOctets(octets: Buffer, certificate: X509Certificate) {
  let written: Buffer[] = []
  const onCanonical = () => {
    written = []
    return (piece: Uint8Array) => void written.push(Buffer.from(piece))
  }
  let verdict: VerifiedDocument | Verifier<VerifiedDocument> = openVerifier(certificate, {
    types,
    limits: { documentBytes: mostBytes },
    onCanonical,
  })
  while (verdict instanceof Verifier) {
    verdict.write(octets)
    verdict = verdict.end()
  }
  return { type: verdict.type, canonical: Buffer.concat(written) }
}

function evaluateAll(type: string, canonical: Buffer): FoundValues {
  const expressions = expressionsOf(type)
  const values: [string, string][] = []
  const reasons: [string, string][] = []
  if (expressions.size === 0) return { values, reasons }
  const document = new ParsedXml(canonical)
  try {
    for (const [name, expression] of expressions) {
      try {
        for (const text of expression.evaluate(document, MOST_NODES)) {
          const value = text.trim()
          if (value.length > LONGEST)
            reasons.push([name, `a value has ${value.length} characters, kept are those of at most ${LONGEST}`])
          else if (value !== '') values.push([name, value])
        }
      } catch (error) {
        reasons.push([name, quote((error as Error).message.trim())])
      }
    }
    return { values, reasons }
  } finally {
    document.close()
  }
}

function expressionsOf(type: string): Expressions {
  const known = compiled.get(type)
  if (known !== undefined) return known
  const { index = [], prefixes = {} } = types.find(({ name }) => name === type) ?? {}
  const made = new Map(index.map(({ name, xpath }) => [name, compileExpression(xpath, prefixes)]))
  compiled.set(type, made)
  return made
}

function notEvaluated(reason: string): FoundValues {
  return { values: [], reasons: [['', reason]] }
}
