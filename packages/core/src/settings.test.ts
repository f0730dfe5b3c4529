import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { environmentName, parseSetting, readConfiguration, type SettingName, settings } from './settings.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-settings-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const names = Object.keys(settings) as SettingName[]

async function writeConfiguration(text: string): Promise<string> {
  const path = join(folder, 'seg.yaml')
  await writeFile(path, text)
  return path
}

function nested(key: string, value: string): string {
  const [first, ...rest] = key.split('.')
  return rest.length === 0
    ? `${first}: ${value}`
    : `${first}:\n  ${nested(rest.join('.'), value).replaceAll('\n', '\n  ')}`
}

t.test('an empty value of any setting is an error, wherever it comes from', async t => {
  for (const name of names) {
    for (const text of ['', ' ', '\t'])
      t.throws(() => parseSetting(name, text), {
        code: 'usage',
        detail: new RegExp(`${environmentName(name)} is empty`),
      })
    for (const value of ['', '""', "' '", '~']) {
      const file = await writeConfiguration(nested(settings[name].key, value))
      t.throws(() => readConfiguration(file), { code: 'configuration', detail: / is empty; give a value/ }, name)
    }
  }
})

t.test('an alias of YAML that leads to itself ends in the name of its key', async t => {
  for (const [text, key] of [
    ['a: &a {b: *a}', 'a'],
    ['hand-off: &a {webhook: *a}', 'hand-off.webhook.webhook'],
    ['port: &a {a: *a}', 'port'],
  ] as const) {
    const file = await writeConfiguration(text)
    t.throws(() => readConfiguration(file), { code: 'configuration', detail: new RegExp(key.replaceAll('.', '\\.')) })
  }
})

t.test('no message shows a password', async t => {
  const { parse } = settings.webhook
  const shown = (work: () => unknown) => {
    try {
      work()
      return 'taken'
    } catch (error) {
      return String((error as Error).message)
    }
  }
  const password = 'pass@word'
  for (const address of [`http://user:${password}@host/x`, `user:${password}@host`, `https://user:${password}@:1:2`])
    for (const parseAddress of [parse, settings.to.parse]) {
      const message = shown(() => parseAddress(address))
      t.notMatch(message, /pass|word/, address)
      t.match(message, /usage/)
    }
  t.match(
    shown(() => settings.to.parse('https://user:password@host:1')),
    /^usage: .*without user or password.*: host:1$/,
  )
  t.match(
    shown(() => parse('https://user:password@host')),
    'taken',
  )
  const file = await writeConfiguration(`hand-off:\n  webhook:\n    url: "https://user:${password}@host\n  x`)
  t.notMatch(
    shown(() => readConfiguration(file)),
    /pass|word/,
  )
})
