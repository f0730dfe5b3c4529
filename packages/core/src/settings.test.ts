import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { addSettings, buildProgram, readSettings } from './command.ts'
import { readConfiguration } from './configuration/read-configuration.ts'
import { commandWith, copySettings } from './copied-settings.ts'
import { environmentName, parseSetting, rootFolder, type SettingName, settings } from './settings.ts'

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

t.test('seg.yaml gives what no flag does, also where there is no default; a copy of a command is as it is', async t => {
  const config = await writeConfiguration(
    'port: 7\nlog-file: /var/log/seg\nhand-off:\n  webhook:\n    url: https://localhost/x\n    secret: /secret\n',
  )
  const command = buildProgram('test', '')
  const read = ['port', 'host', 'logFile', 'webhook', 'webhookSecret', 'webhookCa'] as const
  addSettings(command, { port: 8443, host: 'localhost', logFile: undefined, webhook: 'off', webhookSecret: undefined })
  command.parseOptions(['--host', '::1', '--webhook-secret', '/other', '--config', config])
  const expected = {
    ...{ port: 7, host: '::1', logFile: '/var/log/seg', webhook: new URL('https://localhost/x') },
    ...{ webhookSecret: '/other', webhookCa: undefined },
  }
  t.same(readSettings(command, read), expected)
  t.same(readSettings(commandWith(structuredClone(copySettings(command, read))), read), expected)
})

t.test('an alias of YAML is refused where it stands, also one that leads to itself', async t => {
  for (const [text, place] of [
    ['a: &a {b: *a}', '1:11'],
    ['hand-off: &a {webhook: *a}', '1:24'],
    ['port: &a {a: *a}', '1:14'],
  ] as const) {
    const file = await writeConfiguration(text)
    t.throws(() => readConfiguration(file), {
      code: 'configuration',
      detail: new RegExp(`:${place}: expected no alias`),
    })
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
  const unusable = [
    `http://user:${password}@host/x`,
    `user:${password}@host`,
    `https://user:${password}@:1:2`,
    `http://host/${password}`,
    `http://host?token=${password}`,
    `http://host#${password}`,
    `https://host:0/${password}`,
    `https:\\\\host:x\\${password}`,
    `host/${password}`,
  ]
  for (const address of unusable)
    for (const parseAddress of [parse, settings.to.parse]) {
      const message = shown(() => parseAddress(address))
      t.notMatch(message, /pass|word/, address)
      t.match(message, /usage/)
    }
  for (const rest of ['?token=password', '/password', '#password', '/?password'])
    t.match(
      shown(() => settings.to.parse(`https://host:1${rest}`)),
      /^usage: [\s\S]*such as https:\/\/host:1; leave out everything else$/,
    )
  t.match(
    shown(() => settings.to.parse('https://user:password@host:1')),
    /such as https:\/\/host:1;/,
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

t.test('a value that a setting does not take is refused with the source to correct', async t => {
  t.throws(() => parseSetting('timeout', 'soon'), { code: 'usage', detail: /^--timeout or SEG_TIMEOUT: .*"soon"$/ })
  // A timer counts milliseconds with 31 bits, and fires at once when there are more.
  t.throws(() => parseSetting('timeout', '2147484'), { code: 'usage', detail: /from 0 to 2147483, not "2147484"/ })
  t.throws(() => parseSetting('to', 'https://localhost:0'), { code: 'usage' })
})

t.test('docs/commands.md lists each setting with its flag, its variable and its key', async t => {
  const page = await readFile(join(rootFolder, 'docs/commands.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(--[\w-]+) [^|]*\| `(SEG_\w+)` +\| `([\w.-]+)` +\|/gm)]
  t.same(
    rows.map(([, flag, variable, key]) => ({ flag, variable, key })).sort(byFlag),
    names
      .map(name => ({
        flag: settings[name].flag.split(' ')[0]!,
        variable: environmentName(name),
        key: settings[name].key as string,
      }))
      .sort(byFlag),
  )
})

function byFlag(a: { flag?: string | undefined }, b: { flag?: string | undefined }): number {
  return String(a.flag).localeCompare(String(b.flag))
}
