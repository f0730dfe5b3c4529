import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

const hasScript = spawnSync('script', ['--version']).status === 0

/** What `isScreen(1)` says in a process whose terminal has this name; '' for none. */
function ask(term: string): string {
  const module = join(import.meta.dirname, 'standard-streams.ts')
  const code = `import('${module}').then(({ isScreen }) => process.stdout.write(String(isScreen(1))))`
  const command = [process.execPath, '-e', code]
  const env = { ...process.env, TERM: term }
  const { stdout } =
    term === ''
      ? spawnSync(command[0]!, command.slice(1), { env, encoding: 'utf8' })
      : spawnSync(
          'script',
          ['-qefc', command.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' '), '/dev/null'],
          {
            env,
            encoding: 'utf8',
          },
        )
  return stdout.trim()
}

t.test('a line is written over on a terminal, and not on a dumb one', { skip: !hasScript }, async t => {
  t.equal(ask(''), 'false')
  t.equal(ask('xterm'), 'true')
  t.equal(ask('dumb'), 'false')
})
