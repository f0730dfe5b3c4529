// Man pages and completions of shells say what the commands' own help says.
import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listNodes, readCommands } from '../../deploy/help/command-tree.ts'
import { writeHelp } from '../../deploy/help/help-files.ts'
import { listCommands, loadProgram, type PackageName, root } from '../support/commands.ts'

const share = t.testdir()
await writeHelp(share)
const tree = await readCommands()

t.test('no file names a folder of whoever wrote it', async t => {
  const entries = await readdir(share, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  t.equal(files.length, 7)
  for (const file of files) t.notOk((await readFile(file, 'utf8')).includes(root), file)
})

t.test('each command has its section of a man page, with every flag of its help', async t => {
  for (const name of ['pki', 'receiver', 'sender'] satisfies PackageName[]) {
    const page = (await readFile(join(share, `man/man1/seg-${name}.1`), 'utf8')).replaceAll('\\-', '-')
    for (const { path, command } of listCommands(await loadProgram(name))) {
      const [, section = ''] = page.split(new RegExp(`^\\.SS seg ${path.join(' ')} .*$`, 'm'))
      const own = section.split(/^\.S[SH] /m)[0]!
      t.ok(own.includes(command.description().slice(0, 20)), path.join(' '))
      for (const [flag] of command.helpInformation().matchAll(/(?<=^ {2}(?:-\w, )?)--[\w-]+/gm))
        t.ok(own.includes(flag), `${path.join(' ')} ${flag}`)
    }
  }
})

function complete(t: Test, ...words: readonly string[]): string[] {
  const script = [
    `source ${join(share, 'bash-completion/completions/seg')}`,
    `COMP_WORDS=("$@") COMP_CWORD=${words.length - 1}`,
    '_seg',
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ].join('\n')
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
  t.equal(stderr, '')
  return stdout.split('\n').filter(word => word !== '')
}

t.test('bash offers commands, then options, of the command that stands there', async t => {
  t.same(complete(t, 'seg', ''), ['pki', 'receiver', 'sender'])
  t.same(complete(t, 'seg', 'receiver', 'lo'), ['log'])
  const log = (await loadProgram('receiver')).commands.find(command => command.name() === 'log')!
  t.same(
    complete(t, 'seg', 'receiver', 'log', ''),
    log.commands.map(command => command.name()),
  )
  t.same(complete(t, 'seg', 'receiver', 'start', '--clock'), ['--clock-skew'])
  t.same(complete(t, 'seg', 'receiver', '--json', 'log', 'rotate-key', '--pre'), ['--prepare'])
  t.same(complete(t, 'seg', 'receiver', 'start', 'x'), [], 'the shell offers files')
})

for (const [shell, file] of [
  ['bash', 'bash-completion/completions/seg'],
  ['zsh', 'zsh/site-functions/_seg'],
  ['fish', 'fish/vendor_completions.d/seg.fish'],
] as const) {
  const isThere = spawnSync(shell, ['--version']).status === 0
  t.test(`${shell} reads its completions`, { skip: isThere ? false : `${shell} is not installed` }, async t => {
    const { status, stderr } = spawnSync(shell, ['-n', join(share, file)], { encoding: 'utf8' })
    t.equal(status, 0, stderr)
    const text = await readFile(join(share, file), 'utf8')
    for (const { options } of listNodes(tree))
      for (const { long } of options) t.ok(text.includes(shell === 'fish' ? `-l ${long.slice(2)}` : long), long)
  })
}
