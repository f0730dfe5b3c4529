// Records of a list in seg.yaml, as commands show and change them: each has an `id`.
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { Fault } from '../fault.ts'
import { quote } from '../shown-text.ts'
import type { ConfigurationFile } from './configuration-file.ts'
import { plainValue } from './yaml-file.ts'

export type RecordValue = Readonly<Record<string, unknown>>

/** All under a key, as they are written. */
export function recordValues(file: ConfigurationFile, key: string): readonly RecordValue[] {
  const node = file.entry(key)
  const values = node && plainValue(node)
  return Array.isArray(values) ? values : []
}

export function findRecord(file: ConfigurationFile, key: string, id: string): RecordValue | undefined {
  return recordValues(file, key).find(one => one.id === id)
}

/** The Fault `not-found`; `known`: those that have a record. */
export function noRecordOf(id: string, known: readonly string[], more = ''): Fault {
  const listed = known.map(quote).slice(0, 20).join(', ') || 'none'
  return new Fault('not-found', `${quote(id)} has no record; those that have one: ${listed}${more}`)
}

/** A path as it is written into the file: relative to it where that is shorter to move around. */
export function pathForFile(configuration: string, path: string): string {
  const found = relative(dirname(configuration), path)
  return found.startsWith('..') || isAbsolute(found) ? resolve(path) : found
}
