// docs/commands.md, the scripts of the packages and the programs name the same commands.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { root, runCommand } from '../support/commands.ts'

const page = await readFile(join(root, 'docs/commands.md'), 'utf8')

for (const name of ['pki', 'receiver', 'sender'] as const)
  t.test(`each command of ${name} is documented, and has a script of its package`, async t => {
    const { stdout } = await runCommand(name, ['--help'])
    const offered = [...stdout.toString().matchAll(/^ {2}([a-z][a-z0-9-]*)(?: |$)/gm)].map(([, command]) => command!)
    const commands = offered.filter(command => command !== 'help')
    const documented = [...page.matchAll(new RegExp(`^\\| \`${name} ([a-z0-9-]+)`, 'gm'))].map(
      ([, command]) => command!,
    )
    t.same([...new Set(documented)].sort(), commands.sort())
    const { scripts } = JSON.parse(await readFile(join(root, `packages/${name}/package.json`), 'utf8'))
    for (const command of commands)
      t.match(scripts[command], new RegExp(` ${name} ${command}$`), `pnpm --filter ${name} ${command}`)
  })
