import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { checkConfiguration, readConfiguration } from './read-configuration.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-configuration-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

async function writeYaml(text: string): Promise<string> {
  const path = join(folder, 'seg.yaml')
  await writeFile(path, text)
  return path
}

t.test('every problem of the settings is reported at once, each with its line and column', async t => {
  const file = await writeYaml(
    [
      'port: abc',
      'prot: 1',
      'hand-off:',
      '  webhook:',
      '    url: http://x',
      '  inbox: ~',
      'storage: 5',
      'data: [a]',
    ].join('\n'),
  )
  const { problems } = checkConfiguration(file, [])
  t.match(problems, [
    { line: 1, column: 7, text: /"port": .*65535, not "abc"/ },
    { line: 2, column: 1, text: /unknown key "prot"; known keys: certs, / },
    { line: 5, column: 10, text: /"hand-off\.webhook\.url": expected an https URL/ },
    { line: 6, column: /\d+/, text: /"hand-off\.inbox" is empty/ },
    { line: 7, column: 10, text: /"storage" must hold keys and values/ },
    { line: 8, column: 7, text: /"data" must be a single value/ },
  ])
  t.equal(problems.length, 6)
  t.throws(() => readConfiguration(file), { code: 'configuration', detail: /:1:7: [\s\S]*:2:1: [\s\S]*:8:7: / })
})

t.test('what is no YAML is reported with its place, and all places at once', async t => {
  const twice = checkConfiguration(await writeYaml('port: 1\nport: 2\ncerts: "x\n'), [])
  t.match(twice.problems, [
    { line: 2, column: 1 },
    { line: 4, column: 1 },
  ])
  const list = checkConfiguration(await writeYaml('- port: 1\n'), [])
  t.match(list.problems, [{ line: 1, column: 1, text: /must hold keys and values/ }])
})

t.test('the problems of a section are reported with those of the settings', async t => {
  const section = {
    schema: {},
    read: (_file: object, problems: { report(at: number, text: string): undefined }) =>
      problems.report(3, 'a record is wrong'),
  }
  const { problems } = checkConfiguration(await writeYaml('port: x\npartners:\n  - id: A\n'), [section])
  t.match(problems, [
    { line: 1, column: 7 },
    { line: 3, column: 5, text: 'a record is wrong' },
  ])
})

t.test('a file that is as it should be has no problem, and gives its texts as they are written', async t => {
  const file = await writeYaml('port: 0443\nrate-limit: off\nverification: { secondOpinion: report }\n')
  t.same(checkConfiguration(file, []).problems, [])
  t.same(readConfiguration(file), { port: '0443', rateLimit: 'off', secondOpinion: 'report' })
})
