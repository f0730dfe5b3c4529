// Writes the types of the operators' API from its published description, after a change of it:
// `node packages/console/src/testing/write-api-types.ts`.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const description = resolve(import.meta.dirname, '../../../../docs/openapi.json')
const target = resolve(import.meta.dirname, '../app/api/api-types.ts')

type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
}
type Media = { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
type Operation = {
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'path' | 'query'
    readonly required: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: Media
  readonly responses: { readonly 200: Media }
}
type Api = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** As Biome formats it. */
export function writeApiTypes(): string {
  const { paths, components } = JSON.parse(readFileSync(description, 'utf8')) as Api
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [
      quoteKey(`${method.toUpperCase()} ${path}`),
      writeOperation(operation, 1),
    ]),
  )
  const schemas = Object.entries(components.schemas).map(([name, schema]) => [name, writeType(schema, 1)])
  return [
    '// Long because it names each route and each field. Written by `testing/write-api-types.ts` from',
    '// docs/openapi.json, which a test compares.',
    '',
    `export type ApiSchemas = ${writeMembers(schemas as [string, string][], 0)}`,
    '',
    `export type ApiRoutes = ${writeMembers(routes as [string, string][], 0)}`,
    '',
  ].join('\n')
}

function writeOperation({ parameters = [], requestBody, responses }: Operation, depth: number): string {
  const placed = (place: 'path' | 'query') =>
    writeMembers(
      parameters
        .filter(parameter => parameter.in === place)
        .map(({ name, required, schema }) => [
          `${quoteKey(name)}${required ? '' : '?'}`,
          `${writeType(schema, depth + 2)}${required ? '' : ' | undefined'}`,
        ]),
      depth + 1,
    )
  const body = requestBody?.content['application/json']?.schema
  const answer = responses[200].content['application/json']?.schema ?? { type: 'string' }
  return writeMembers(
    [
      ['path', placed('path')],
      ['query', placed('query')],
      ['body', body === undefined ? 'undefined' : writeType(body, depth + 1)],
      ['answer', writeType(answer, depth + 1)],
    ],
    depth,
  )
}

function writeType(schema: Schema, depth: number): string {
  const { $ref, type, properties, required = [], items } = schema
  if ($ref !== undefined) return `ApiSchemas['${$ref.split('/').at(-1)}']`
  if (Array.isArray(type)) return type.map(one => writeType({ ...schema, type: one as string }, depth)).join(' | ')
  switch (type) {
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return type
    case 'array':
      return `readonly ${Array.isArray(items?.type) ? `(${writeType(items, depth)})` : writeType(items ?? {}, depth)}[]`
    case 'object':
      if (properties === undefined || Object.keys(properties).length === 0) return 'Readonly<Record<string, unknown>>'
      return writeMembers(
        Object.entries(properties).map(([name, value]) => [
          `${quoteKey(name)}${required.includes(name) ? '' : '?'}`,
          writeType(value, depth + 1),
        ]),
        depth,
      )
    default:
      return 'unknown'
  }
}

function writeMembers(members: readonly (readonly [string, string])[], depth: number): string {
  if (members.length === 0) return 'Record<never, never>'
  const indent = '  '.repeat(depth + 1)
  return `{\n${members.map(([name, type]) => `${indent}readonly ${name}: ${type}\n`).join('')}${'  '.repeat(depth)}}`
}

function quoteKey(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`
}

if (import.meta.main) writeFileSync(target, writeApiTypes())
