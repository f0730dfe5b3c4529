// seg.yaml as a tree of our own with lines and columns, and edits of it that keep its comments: the
// only file that imports the YAML library.
import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

const load = createRequire(import.meta.url)
/** Its 70 files are loaded for the first text: most threads, and many commands, never have one. */
const library = (): typeof Yaml => load('yaml')

/** Both count from 1. */
export type YamlPlace = { readonly line: number; readonly column: number }

export type YamlEntry = YamlPlace & { readonly key: string; readonly value: YamlNode }

/** `text` of a scalar is as it is written: `00123` stays that. */
export type YamlNode = YamlPlace &
  (
    | { readonly kind: 'scalar'; readonly text: string }
    | { readonly kind: 'nothing' }
    | { readonly kind: 'list'; readonly items: readonly YamlNode[] }
    | { readonly kind: 'map'; readonly entries: readonly YamlEntry[] }
  )

/** What is wrong in a file, and where. */
export type YamlProblem = YamlPlace & { readonly text: string }

/** Deep enough for any record; the tree is walked by recursion. */
const DEEPEST = 16

/** The tree of a file, or why there is none. */
export function readYamlTree(text: string): { readonly root: YamlNode } | { readonly problems: YamlProblem[] } {
  const { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } = library()
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const placeAt = (offset: number): YamlPlace => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  // Behind its first line a message may quote the file, which may hold a password.
  const problems: YamlProblem[] = document.errors.map(({ pos, message }) => ({
    ...placeAt(pos[0]),
    text: message.split('\n')[0]!,
  }))
  const placeOf = (node: unknown, before: YamlPlace) => {
    const start = (node as Yaml.Node | null)?.range?.[0]
    return start === undefined ? before : placeAt(start)
  }
  const convert = (node: unknown, before: YamlPlace, depth: number): YamlNode => {
    const place = placeOf(node, before)
    if (depth > DEEPEST) return refuse(place, 'it is nested too deeply')
    if (isAlias(node)) return refuse(place, 'expected no alias (*): write the value out')
    if (isSeq(node)) return { kind: 'list', ...place, items: node.items.map(item => convert(item, place, depth + 1)) }
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }) => {
        const at = placeOf(key, place)
        return { key: textOf(key), ...at, value: convert(value, at, depth + 1) }
      })
      return { kind: 'map', ...place, entries }
    }
    if (isScalar(node) && node.value !== null) return { kind: 'scalar', ...place, text: textOf(node) }
    return { kind: 'nothing', ...place }
  }
  const refuse = (place: YamlPlace, text: string): YamlNode => {
    problems.push({ ...place, text })
    return { kind: 'nothing', ...place }
  }
  const root = convert(document.contents, { line: 1, column: 1 }, 0)
  return problems.length > 0 ? { problems } : { root }
}

/** The plain value of a tree; texts stay texts, as they are written. */
export function plainValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.text
  if (node.kind === 'list') return node.items.map(plainValue)
  if (node.kind === 'map') return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainValue(value)]))
  return null
}

function textOf(node: unknown): string {
  if (!library().isScalar(node)) return ''
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
}

/** Where an edit goes: keys of maps. */
export type YamlPath = readonly string[]

/** A record of a list, found by the value of its key `id`. */
export type RecordChange = { readonly list: YamlPath; readonly id: string; readonly record: object | undefined }

/**
 * The text with a record of a list set, added or (undefined) removed. Everything else in the
 * file stays as it is written. The text is YAML.
 */
export function changeRecord(text: string, { list, id, record }: RecordChange): string {
  const { isMap, isSeq, YAMLSeq } = library()
  const document = openForEdit(text)
  const found = document.getIn(list)
  const records = isSeq(found) ? found : new YAMLSeq()
  const index = records.items.findIndex(item => isMap(item) && textOf(item.get('id', true)) === id)
  if (record === undefined) {
    if (index >= 0) records.delete(index)
  } else if (index < 0) records.add(document.createNode(record))
  else mergeInto(records.items[index] as Yaml.YAMLMap, record, document)
  if (records.items.length === 0) document.deleteIn(list)
  else if (records !== found) document.setIn(list, records)
  return write(document)
}

/** The text with the value under a path set, or (undefined) removed. The text is YAML. */
export function changeValue(text: string, path: YamlPath, value: unknown): string {
  const document = openForEdit(text)
  if (value === undefined) document.deleteIn(path)
  else document.setIn(path, document.createNode(value))
  return write(document)
}

/** One value as YAML. */
export function formatYaml(value: unknown): string {
  return write(new (library().Document)(value))
}

function openForEdit(text: string): Yaml.Document {
  const { Document, isMap, parseDocument } = library()
  const document = parseDocument(text)
  if (!isMap(document.contents)) {
    const fresh = new Document({})
    fresh.commentBefore = document.commentBefore ?? document.comment
    return fresh
  }
  return document as unknown as Yaml.Document
}

/** Keys that stay equal keep their form and their comments. */
function mergeInto(map: Yaml.YAMLMap, record: object, document: Yaml.Document): void {
  const present = map.toJSON() as Record<string, unknown>
  for (const key of Object.keys(present)) if (!Object.hasOwn(record, key)) map.delete(key)
  for (const [key, value] of Object.entries(record))
    if (JSON.stringify(present[key]) !== JSON.stringify(value)) map.set(key, document.createNode(value))
}

function write(document: Yaml.Document): string {
  return document.toString({ lineWidth: 0 })
}
