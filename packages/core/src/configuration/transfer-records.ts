// `export` and `import` of records: the values of one configuration file as YAML, for another one.
import { type Command, openOutput, writeResult } from '../command.ts'
import { onFile } from '../files/file-fault.ts'
import { readInput } from '../files/input.ts'
import { resolveUserPath } from '../settings.ts'
import { amount } from '../shown-text.ts'
import { type ConfigurationFile, parseConfiguration } from './configuration-file.ts'
import { formatYaml } from './yaml-file.ts'

export async function exportRecords(values: object, command: Command): Promise<void> {
  const output = openOutput(command)
  if (output.json) return output.report(values, '')
  await writeResult(
    (async function* () {
      yield formatYaml(values)
    })(),
  )
}

/** Throws the Faults `file-unreadable` and `configuration`. */
export async function readImported(file: string): Promise<ConfigurationFile> {
  const path = resolveUserPath(file)
  const octets = await onFile('read', path, async () => readInput(path))
  return parseConfiguration(path, octets.toString('utf8'))
}

/** `list`: its key, and the name of one of its records. */
export function reportImport([key, name]: readonly [string, string], records: number, command: Command): void {
  openOutput(command).report({ [key]: records }, `${amount(records, name)} imported, in place of those before`)
}
