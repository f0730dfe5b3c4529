// Reads records of seg.yaml strictly: every key is known, every value has its form, and all
// problems of a file are found in one run, each with its line and column.
import { quote } from '../shown-text.ts'
import type { JsonSchema } from './json-schema.ts'
import type { Problems } from './problems.ts'
import type { YamlNode } from './yaml-file.ts'

/**
 * Gives the value of a node, or undefined when a problem was reported. `name` is the key that it
 * stands under. `schema` says the same form for editors; anything, without it.
 */
export type ReadNode<T> = {
  (node: YamlNode, name: string, problems: Problems): T | undefined
  readonly schema?: JsonSchema
}

type Field<T = unknown> = { readonly read: ReadNode<T>; readonly required?: true }
type Fields = Readonly<Record<string, Field>>
type ValueOf<F> = F extends Field<infer T> ? T : never
type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends { required: true } ? ValueOf<F[K]> : ValueOf<F[K]> | undefined
}

/** A field that must be there. */
export function required<T>(read: ReadNode<T>): { readonly read: ReadNode<T>; readonly required: true } {
  return { read, required: true }
}

export function optional<T>(read: ReadNode<T>): { readonly read: ReadNode<T> } {
  return { read }
}

/** A map of exactly these keys. Its value holds `line`, too. */
export function record<F extends Fields>(fields: F): ReadNode<Values<F> & { readonly line: number }> {
  return withSchema(schemaOfFields(fields), (node, name, problems) => {
    if (node.kind !== 'map') return problems.report(node, `${quote(name)}: expected keys and values`)
    const values: Record<string, unknown> = { line: node.line }
    let isWhole = true
    for (const entry of node.entries) {
      const { key, value } = entry
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (field === undefined) {
        const known = Object.keys(fields).join(', ')
        problems.report(entry, `${quote(name)}: unknown key ${quote(key)}; known keys: ${known}`)
        isWhole = false
        continue
      }
      const read = field.read(value, `${name}.${key}`, problems)
      if (read === undefined) isWhole = false
      values[key] = read
    }
    for (const key of Object.keys(fields)) {
      if (fields[key]!.required !== true || node.entries.some(entry => entry.key === key)) continue
      problems.report(node, `${quote(name)}: ${key} is missing`)
      isWhole = false
    }
    return isWhole ? (values as Values<F> & { line: number }) : undefined
  })
}

function schemaOfFields(fields: Fields): JsonSchema {
  const names = Object.keys(fields)
  const needed = names.filter(name => fields[name]!.required)
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(names.map(name => [name, fields[name]!.read.schema ?? {}])),
    ...(needed.length > 0 && { required: needed }),
  }
}

export function withSchema<T>(schema: JsonSchema, read: ReadNode<T>): ReadNode<T> {
  return Object.assign((...[node, name, problems]: Parameters<ReadNode<T>>) => read(node, name, problems), { schema })
}

/** A map of any keys to values of one form. */
export function mapOf<T>(read: ReadNode<T>): ReadNode<ReadonlyMap<string, T>> {
  const schema = { type: 'object', minProperties: 1, additionalProperties: read.schema ?? {} } as const
  return withSchema(schema, (node, name, problems) => {
    if (node.kind !== 'map') return problems.report(node, `${quote(name)}: expected keys and values`)
    if (node.entries.length === 0) return problems.report(node, `${quote(name)} is empty`)
    const values = new Map<string, T>()
    for (const { key, value } of node.entries) {
      const item = read(value, `${name}.${key}`, problems)
      if (item !== undefined) values.set(key, item)
    }
    return values.size === node.entries.length ? values : undefined
  })
}

export function listOf<T>(read: ReadNode<T>): ReadNode<readonly T[]> {
  return withSchema({ type: 'array', items: read.schema ?? {} }, (node, name, problems) => {
    if (node.kind !== 'list') return problems.report(node, `${quote(name)}: expected a list`)
    const values = node.items.map((item, i) => read(item, `${name}[${i}]`, problems))
    return values.every(value => value !== undefined) ? (values as T[]) : undefined
  })
}

/**
 * A single value whose text `parse` narrows; undefined: it is none of `expected`. `schema` says
 * more of its form, when there is more to say.
 */
export function text<T>(
  expected: string,
  parse: (text: string) => T | undefined,
  schema: JsonSchema = { type: ['string', 'number', 'boolean'] },
): ReadNode<T> {
  return withSchema({ description: expected, ...schema }, (node, name, problems) => {
    if (node.kind !== 'scalar' || node.text.trim() === '')
      return problems.report(
        node,
        `${quote(name)}: expected ${expected}, found ${node.kind === 'scalar' ? 'nothing' : describe(node.kind)}`,
      )
    const value = parse(node.text)
    if (value === undefined)
      return problems.report(node, `${quote(name)}: expected ${expected}, found ${quote(node.text)}`)
    return value
  })
}

function describe(kind: YamlNode['kind']): string {
  return { scalar: 'a value', nothing: 'nothing', list: 'a list', map: 'keys and values' }[kind]
}
