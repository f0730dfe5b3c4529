// The document types of seg.yaml as the receiver needs them: with the files of their schemas.
import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { Fault, readInput, readSection, whyUnreadable } from '@seg/core'
import { type DocumentType, defaultTypes, documentsSection } from '@seg/xmldsig'
import { tryExpressions } from '../indexing/index-documents.ts'
import type { SchemaSource } from './libxml2.ts'
import { openSchemas, type Schemas, startSchemas } from './schemas.ts'

export type DocumentPolicy = {
  readonly types: readonly DocumentType[]
  readonly schemas: Schemas
  /** What these were made of. */
  readonly sources: readonly SchemaSource[]
  /** The files of the schemas, which decide as well. */
  readonly files: readonly string[]
  /** Of the types, and of what stands in their files. */
  readonly digest: string
}

/** The one that was refused last: a schema that cannot be used is not tried out at each look. */
let refused: { readonly digest: string; readonly fault: unknown } | undefined

/** The schema of a CriticalDocument that comes with the gateway. */
const BUILT_IN = 'built-in'
const builtIn = resolve(import.meta.dirname, '../../schemas/critical-document.xsd')

/**
 * `previous` itself when nothing of it has changed. Throws the Fault `configuration`, naming the
 * file.
 */
export async function openDocumentPolicy(
  config: string | undefined,
  limits: Parameters<typeof openSchemas>[1],
  previous?: DocumentPolicy,
): Promise<DocumentPolicy> {
  const { path, value: types } = readSection(config, documentsSection)
  const withSchema = types.filter(({ xsd }) => xsd.length > 0)
  const sources = withSchema.map(
    ({ name, xsd }): SchemaSource => ({ type: name, files: readFiles(xsd, dirname(path)) }),
  )
  const digest = digestOf(types, sources)
  if (digest === previous?.digest) return previous
  if (digest === refused?.digest) throw refused.fault
  const isDefault = types.length === 1 && sources.length === 0 && types[0] === defaultTypes[0]
  try {
    await tryExpressions(types)
    const schemas = await openSchemas(sources, limits)
    const names = sources.flatMap(({ files }) => files.map(([name]) => name))
    return { types: isDefault ? defaultTypes : types, schemas, sources, files: names, digest }
  } catch (fault) {
    refused = { digest, fault }
    throw fault
  }
}

/** The same in another process of ours, where all was tried out before. */
export function copyDocumentPolicy(
  { types, sources, ...rest }: Omit<DocumentPolicy, 'schemas'>,
  limits: Parameters<typeof startSchemas>[1],
): DocumentPolicy {
  const isDefault = types.length === 1 && types[0]!.fields === undefined && sources.length === 0
  return {
    ...rest,
    types: isDefault && JSON.stringify(types) === JSON.stringify(defaultTypes) ? defaultTypes : types,
    schemas: startSchemas(sources, limits),
    sources,
  }
}

function digestOf(types: readonly DocumentType[], sources: readonly SchemaSource[]): string {
  const hash = createHash('sha256').update(JSON.stringify(types))
  for (const { type, files } of sources)
    for (const [name, octets] of files) hash.update(JSON.stringify([type, name, octets.length])).update(octets)
  return hash.digest('base64')
}

function readFiles(names: readonly string[], folder: string): SchemaSource['files'] {
  return names.map(name => {
    const path = name === BUILT_IN ? builtIn : resolve(folder, name)
    try {
      return [path, readInput(path)]
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      throw new Fault('configuration', `cannot read the schema ${path}: ${whyUnreadable(path, cause)}`, { cause })
    }
  })
}

/**
 * Seconds between the time of a document and our clock: what its type and its partner have, the
 * smaller one, or else what holds for all.
 */
export function freshnessOf(
  types: readonly DocumentType[],
  name: string,
  partnerSkew: number | undefined,
  otherwise: number,
): number {
  if (types === defaultTypes) return partnerSkew ?? otherwise
  const freshness = types.find(type => type.name === name)?.freshness
  const own = [freshness === undefined ? undefined : freshness / 1000, partnerSkew].filter(time => time !== undefined)
  return own.length > 0 ? Math.min(...own) : otherwise
}
