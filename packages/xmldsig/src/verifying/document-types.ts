// The key `documents` of seg.yaml: types of documents besides CriticalDocument, and what is
// demanded of each (docs/documents.md).
import {
  type ConfigurationFile,
  type ConfigurationSection,
  type JsonSchema,
  listOf,
  optional,
  type Problems,
  quote,
  type ReadNode,
  record,
  required,
  text,
  withSchema,
} from '@seg/core'
import { digests, signatures } from '../signature/algorithms.ts'
import {
  criticalDocument,
  type DocumentType,
  type ElementName,
  type FieldName,
  type FieldPlace,
  fieldNames,
  type IndexedValue,
  isSameName,
} from './document-type.ts'

const MOST_TYPES = 64
const DEEPEST_FIELD = 8
const MOST_VALUES = 16
const LONGEST_EXPRESSION = 1024
const NAME = String.raw`[\p{L}_][\p{L}\p{N}\p{M}._-]{0,127}`

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const elementName = text(
  'the local name of an element',
  value => (new RegExp(`^${NAME}$`, 'u').test(value) ? value : undefined),
  { type: 'string' },
)
const namespaceName = text(
  'a namespace name, such as urn:example:invoice:1',
  value => (/^[a-zA-Z][\w+.-]*:[\x21-\x7e]+$/.test(value) ? value : undefined),
  { type: 'string' },
)
const place = text(
  'an attribute (@id) or children (Header/Sender) of the document element, at most 8 deep',
  value => {
    const attribute = new RegExp(`^@(${NAME})$`, 'u').exec(value)?.[1]
    if (attribute !== undefined) return { attribute, steps: [] }
    const steps = value.split('/')
    const step = new RegExp(`^(?:${NAME}:)?${NAME}$`, 'u')
    return steps.length <= DEEPEST_FIELD && steps.every(one => step.test(one)) ? { attribute: '', steps } : undefined
  },
  { type: 'string' },
)
const freshness = text('a time such as 30s, 10m, 24h, 7d', value => {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(value) ?? []
  return count === undefined ? undefined : Number(count) * units[unit!]!
})

/** The names that people use: what stands behind # in an identifier. */
function namedBy(identifiers: readonly string[]) {
  const byName = new Map(identifiers.map(identifier => [identifier.slice(identifier.indexOf('#') + 1), identifier]))
  return text([...byName.keys()].join(' or '), value => byName.get(value), { enum: [...byName.keys()] })
}

const algorithms = record({
  signature: optional(listOf(namedBy(Object.keys(signatures)))),
  digest: optional(listOf(text(Object.values(digests).join(' or '), toDigest, { enum: Object.values(digests) }))),
})

function toDigest(value: string) {
  return Object.values(digests).find(name => name === value)
}

const file = text('a file', value => value, { type: 'string' })
const files = listOf(file)
/** One file, or the main one and those that it includes. */
const xsd: ReadNode<readonly string[]> = withSchema(
  { anyOf: [file.schema!, files.schema!] },
  (node, name, problems) => {
    if (node.kind === 'list') return files(node, name, problems)
    const one = file(node, name, problems)
    return one === undefined ? undefined : [one]
  },
)

const prefixes: ReadNode<ReadonlyMap<string, string>> = withSchema(
  { type: 'object', additionalProperties: namespaceName.schema! },
  (node, name, problems) => {
    if (node.kind !== 'map') return problems.report(node, `${quote(name)}: expected prefixes and their namespaces`)
    const found = new Map<string, string>()
    for (const { key, value } of node.entries) {
      const uri = namespaceName(value, `${name}.${key}`, problems)
      if (uri !== undefined) found.set(key, uri)
    }
    return found.size === node.entries.length ? found : undefined
  },
)

const expression = text(
  'an XPath expression of at most 1,024 characters',
  value => (value.trim() !== '' && value.length <= LONGEST_EXPRESSION ? value : undefined),
  { type: 'string' },
)
const index: ReadNode<readonly IndexedValue[]> = withSchema(
  { type: 'object', additionalProperties: expression.schema! },
  (node, name, problems) => {
    if (node.kind !== 'map') return problems.report(node, `${quote(name)}: expected names and their expressions`)
    if (node.entries.length > MOST_VALUES) problems.report(node, `${name}: expected at most ${MOST_VALUES} values`)
    const found: IndexedValue[] = []
    for (const { key, value, line, column } of node.entries) {
      if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(key))
        problems.report({ line, column }, `${quote(`${name}.${key}`)}: expected a name of a-z, digits and dashes`)
      const xpath = expression(value, `${name}.${key}`, problems)
      if (xpath !== undefined) found.push({ name: key, xpath })
    }
    return found.length === node.entries.length ? found : undefined
  },
)

const demands = {
  index: optional(index),
  xsd: optional(xsd),
  algorithms: optional(algorithms),
  freshness: optional(freshness),
}
const fields = record({
  id: required(place),
  sender: required(place),
  receiver: required(place),
  timestamp: required(place),
})
const typeRecord = record({
  root: required(elementName),
  namespace: optional(namespaceName),
  namespaces: optional(prefixes),
  fields: required(fields),
  ...demands,
})
const criticalRecord = record({ namespaces: optional(prefixes), ...demands })

type Read<R> = R extends ReadNode<infer T> ? T : never
type Demands = Pick<Read<typeof typeRecord>, 'xsd' | 'algorithms' | 'freshness' | 'index' | 'namespaces'>

function demandsOf({ xsd: schema = [], algorithms: named, freshness: time, index: values = [], namespaces }: Demands) {
  return {
    xsd: schema,
    signatures: named?.signature,
    digests: named?.digest,
    freshness: time,
    index: values,
    prefixes: Object.fromEntries(namespaces ?? []),
  }
}

const schema: JsonSchema = {
  type: 'object',
  properties: { [criticalDocument.name]: criticalRecord.schema! },
  additionalProperties: typeRecord.schema!,
}

/** CriticalDocument comes first, whether it is named or not. */
export const documentsSection = {
  schema: { documents: schema },
  read(file: ConfigurationFile, problems: Problems): readonly DocumentType[] {
    const node = file.entry('documents')
    const types: DocumentType[] = [criticalDocument]
    if (node === undefined) return types
    if (node.kind !== 'map') {
      problems.report(node, '"documents": expected the names of types, each with its record')
      return types
    }
    if (node.entries.length > MOST_TYPES) problems.report(node, `documents: expected at most ${MOST_TYPES} types`)
    for (const { key, value, line, column } of node.entries) {
      const name = `documents.${key}`
      if (key === criticalDocument.name) {
        const found = criticalRecord(value, name, problems)
        if (found !== undefined) types[0] = { ...criticalDocument, ...demandsOf(found) }
        continue
      }
      if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(key))
        problems.report({ line, column }, `${quote(name)}: expected a name of letters, digits, dots, dashes`)
      const found = typeRecord(value, name, problems)
      if (found === undefined) continue
      const type = toType(key, found, text => problems.report(value, `${quote(name)}: ${text}`))
      const other = types.find(({ root }) => isSameName(root, type.root))
      if (other !== undefined)
        problems.report(value, `${quote(name)}: its document element is that of ${quote(other.name)} already`)
      types.push(type)
    }
    return types
  },
} satisfies ConfigurationSection

function toType(name: string, found: Read<typeof typeRecord>, report: (text: string) => void): DocumentType {
  const { root, namespace = '', namespaces = new Map<string, string>() } = found
  const resolve = (step: string): ElementName => {
    const [prefix, local] = step.includes(':') ? (step.split(':') as [string, string]) : ['', step]
    if (prefix !== '' && !namespaces.has(prefix)) report(`the prefix ${quote(prefix)} is not one of its namespaces`)
    return { local, namespace: prefix === '' ? namespace : (namespaces.get(prefix) ?? '') }
  }
  const places = Object.fromEntries(
    fieldNames.map((field): [FieldName, FieldPlace] => {
      const { attribute, steps } = found.fields[field]
      return [field, attribute === '' ? { path: steps.map(resolve) } : { attribute }]
    }),
  ) as Record<FieldName, FieldPlace>
  const shown = fieldNames.map(field => JSON.stringify(places[field]))
  if (new Set(shown).size < shown.length) report('expected another place for each field')
  for (const one of fieldNames)
    for (const other of fieldNames)
      if (one !== other && isWithin(places[one], places[other])) report(`${one} stands within ${other}, which is text`)
  return { name, root: { local: root, namespace }, fields: places, ...demandsOf(found) }
}

function isWithin(inner: FieldPlace, outer: FieldPlace): boolean {
  if (!('path' in inner) || !('path' in outer) || inner.path.length <= outer.path.length) return false
  return outer.path.every((step, i) => isSameName(step, inner.path[i]!))
}
