// docs/seg.schema.json says of seg.yaml what the readers of the file do.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { JsonSchema } from '../../packages/core/src/configuration/json-schema.ts'
import { checkConfiguration, configurationSchema } from '../../packages/core/src/configuration/read-configuration.ts'
import { settingNames, settings } from '../../packages/core/src/settings.ts'
import { receiverSections } from '../../packages/receiver/src/configuration-sections.ts'
import { senderSections } from '../../packages/sender/src/configuration-sections.ts'
import { root, runCommand, runProcess } from '../support/commands.ts'

const published: JsonSchema = JSON.parse(readFileSync(join(root, 'docs/seg.schema.json'), 'utf8'))
const folder = await mkdtemp(join(tmpdir(), 'seg-schema-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

async function problemsOf(value: unknown): Promise<readonly { readonly text: string }[]> {
  const file = join(folder, 'seg.yaml')
  // JSON is YAML.
  await writeFile(file, JSON.stringify(value))
  return checkConfiguration(file, receiverSections).problems
}

/** The part of JSON Schema that the published one uses. */
function isOf(schema: JsonSchema, value: unknown): boolean {
  const { type, anyOf, enum: values, minimum, maximum, pattern, items, required = [], properties = {} } = schema
  if (anyOf !== undefined) return anyOf.some(one => isOf(one, value))
  if (values !== undefined) return values.some(one => one === value)
  if (type !== undefined && ![type].flat().some(one => isKind(one, value))) return false
  if (typeof value === 'number') return value >= (minimum ?? value) && value <= (maximum ?? value)
  if (typeof value === 'string') return new RegExp(pattern ?? '').test(value)
  if (Array.isArray(value)) return value.every(one => isOf(items ?? {}, one))
  if (typeof value !== 'object' || value === null) return true
  if (Object.keys(value).length < (schema.minProperties ?? 0)) return false
  if (!required.every(name => Object.hasOwn(value, name))) return false
  return Object.entries(value).every(([name, one]) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties
    return inner !== false && isOf(inner ?? {}, one)
  })
}

function isKind(type: string, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

t.test(
  'it is what `config schema` prints, for both gateways (pnpm seg config schema > docs/seg.schema.json)',
  async t => {
    t.same(published, configurationSchema(receiverSections))
    t.same(published, configurationSchema(senderSections))
    t.same(JSON.parse((await runCommand('receiver', ['config', 'schema'])).stdout.toString()), published)
  },
)

t.test('each setting takes from the file what the schema lets pass, at the bounds of numbers, too', async t => {
  for (const name of settingNames) {
    const { key } = settings[name]
    const schema: JsonSchema = settings[name].schema
    const nest = (value: unknown) => key.split('.').reduceRight<unknown>((inner, step) => ({ [step]: inner }), value)
    const forms = [schema, ...(schema.anyOf ?? [])]
    const bounds = forms.flatMap(({ minimum, maximum }) => [minimum, maximum]).filter(bound => bound !== undefined)
    const words = forms.flatMap(({ enum: values = [] }) => values)
    const samples = [...bounds, ...bounds.map(bound => bound + 1), ...bounds.map(bound => bound - 1), ...words, {}, []]
    if (bounds.length > 0 || words.length > 0) samples.push('whatever', true)
    for (const sample of samples)
      t.equal(
        isOf(published, nest(sample)),
        (await problemsOf(nest(sample))).length === 0,
        `${key}: ${JSON.stringify(sample)}`,
      )
  }
})

t.test('records have the keys, and the values of few words, that the schema says', async t => {
  const partner = { id: 'MINISTRY 1_SEG01' }
  const samples: readonly unknown[] = [
    {},
    { port: 1 },
    { nothing: 1 },
    { trust: 'ca' },
    { trust: 'other' },
    { trust: { mode: 'other' } },
    { trust: { mode: 'ca', more: 1 } },
    { partners: [partner] },
    { partners: partner },
    { partners: [{ name: 'x' }] },
    { partners: [{ ...partner, more: 1 }] },
    { partners: [{ ...partner, state: 'suspended' }] },
    { partners: [{ ...partner, state: 'other' }] },
    { partners: [{ ...partner, limits: { bytes: 5 } }] },
    { partners: [{ ...partner, limits: { more: 5 } }] },
  ]
  for (const sample of samples)
    t.equal(isOf(published, sample), (await problemsOf(sample)).length === 0, JSON.stringify(sample))
})

t.test('`config check` lists every problem by its place, and ends with 5; with none it ends with 0', async t => {
  const file = join(folder, 'bad.yaml')
  await writeFile(file, 'port: abc\npartners:\n  - id: A\n    state: odd\n')
  for (const name of ['receiver', 'sender'] as const) {
    const { exitCode, stdout } = await runCommand(name, ['config', 'check', '--config', file])
    t.equal(exitCode, 5)
    t.match(stdout.toString(), /bad\.yaml:1:7: "port".*\n.*bad\.yaml:4:12: .*expected active or suspended, found "odd"/)
    const json = await runCommand(name, ['config', 'check', '--json', '--config', file])
    t.match(JSON.parse(json.stdout.toString()), {
      ok: false,
      problems: [
        { line: 1, column: 7 },
        { line: 4, column: 12, problem: /active or suspended/ },
      ],
    })
  }
  const started = await runProcess('receiver', ['start', '--config', file])
  t.equal(started.exitCode, 5)
  t.match(started.stderr, /bad\.yaml:1:7: [\s\S]*bad\.yaml:4:12: /, 'a start reports the same, all at once')
  await writeFile(file, 'port: 8443\n')
  t.match(await runCommand('receiver', ['config', 'check', '--config', file]), { exitCode: 0 })
})
