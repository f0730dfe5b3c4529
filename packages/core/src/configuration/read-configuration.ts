// seg.yaml read whole: single settings by their table, everything else by its section, and every
// problem of the file in one run.
import { Fault } from '../fault.ts'
import { type SettingName, settingNames, settings } from '../settings.ts'
import { quote } from '../shown-text.ts'
import { type ConfigurationFile, parseEntries, readConfigurationText } from './configuration-file.ts'
import type { JsonSchema } from './json-schema.ts'
import { Problems } from './problems.ts'
import type { YamlEntry, YamlNode, YamlProblem } from './yaml-file.ts'

/** Keys at the top of seg.yaml that hold more than single values, read together. */
export type ConfigurationSection = {
  readonly schema: Readonly<Record<string, JsonSchema>>
  read(file: ConfigurationFile, problems: Problems): unknown
}

/** Of all sections: a command need not have the form of those that it does not read. */
const sectionKeys = [
  'trust',
  'partners',
  'receivers',
  'stapling',
  'documents',
  'audit',
  'alerts',
  'people',
  'openid-connect',
]

type Texts = Partial<Record<SettingName, string>>

/**
 * The settings of seg.yaml as texts. `file` undefined: the one at the root, if there is one. Throws
 * the Fault `configuration` with every problem of the file, as far as `sections` are known.
 */
export function readConfiguration(file: string | undefined, sections: readonly ConfigurationSection[] = []): Texts {
  const problems = new Problems()
  const { path, text } = readConfigurationText(file)
  const texts = readAll(path, text, sections, problems)
  problems.throwIfAny(path, text)
  return texts
}

/** What one section says. Throws the Fault `configuration` with all that is wrong there. */
export function readSection<Value>(
  file: string | undefined,
  section: { read(file: ConfigurationFile, problems: Problems): Value },
): { readonly path: string; readonly value: Value } {
  const problems = new Problems()
  const { path, text } = readConfigurationText(file)
  const value = section.read(parseEntries(path, text, problems), problems)
  problems.throwIfAny(path, text)
  return { path, value }
}

/** What `config check` reports. Throws the Fault `configuration` for a file that cannot be read. */
export function checkConfiguration(
  file: string | undefined,
  sections: readonly ConfigurationSection[],
): { readonly path: string; readonly isThere: boolean; readonly problems: readonly YamlProblem[] } {
  const problems = new Problems()
  const { path, text } = readConfigurationText(file)
  readAll(path, text, sections, problems)
  return { path, isThere: text !== '', problems: problems.list(text) }
}

function readAll(path: string, text: string, sections: readonly ConfigurationSection[], problems: Problems): Texts {
  const file = parseEntries(path, text, problems)
  const texts: Texts = {}
  for (const entry of file.entries) if (!sectionKeys.includes(entry.key)) readEntry(entry, '', texts, problems)
  for (const section of sections) section.read(file, problems)
  return texts
}

function readEntry(entry: YamlEntry, prefix: string, texts: Texts, problems: Problems): void {
  const key = `${prefix}${entry.key}`
  const name = settingNames.find(candidate => settings[candidate].key === key)
  if (name !== undefined) {
    const text = readValue(entry.value, key, name, problems)
    if (text !== undefined) texts[name] = text
  } else if (!settingNames.some(candidate => settings[candidate].key.startsWith(`${key}.`)))
    problems.report(entry, `unknown key ${quote(key)}; known keys: ${knownKeys()}`)
  else if (entry.value.kind !== 'map') problems.report(entry.value, `${quote(key)} must hold keys and values`)
  else for (const inner of entry.value.entries) readEntry(inner, `${key}.`, texts, problems)
}

function readValue(node: YamlNode, key: string, name: SettingName, problems: Problems): string | undefined {
  if (node.kind === 'nothing' || (node.kind === 'scalar' && node.text.trim() === ''))
    return problems.report(node, `${quote(key)} is empty; give a value or leave it out`)
  if (node.kind !== 'scalar') return problems.report(node, `${quote(key)} must be a single value`)
  try {
    settings[name].parse(node.text)
    return node.text
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return problems.report(node, `${quote(key)}: ${error.detail}`)
  }
}

function knownKeys(): string {
  return [...settingNames.map(name => settings[name].key), ...sectionKeys].join(', ')
}

/** Published as docs/seg.schema.json. */
export function configurationSchema(sections: readonly ConfigurationSection[]): JsonSchema {
  const root: Tree = {}
  for (const name of settingNames) {
    const { key, schema, help } = settings[name]
    const steps = key.split('.')
    const last = steps.pop()!
    let folder = root
    for (const step of steps) {
      folder[step] ??= { folder: {} }
      folder = folder[step].folder!
    }
    folder[last] = { schema: { description: help, ...schema } }
  }
  const known = Object.assign({}, ...sections.map(({ schema }) => schema))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'seg.yaml: the configuration of the Secure Exchange Gateway',
    ...objectOf({ ...propertiesOf(root), ...Object.fromEntries(sectionKeys.map(key => [key, known[key] ?? {}])) }),
  }
}

type Tree = Record<string, { folder?: Tree; schema?: JsonSchema }>

function propertiesOf(tree: Tree): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(tree).map(([key, { folder, schema }]) => [
      key,
      folder === undefined ? schema! : objectOf(propertiesOf(folder)),
    ]),
  )
}

function objectOf(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', additionalProperties: false, properties }
}
