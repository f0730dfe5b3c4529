// What pnpm itself says stays away from the documents that its scripts write.
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../support/commands.ts'

const pnpm = process.env.npm_execpath ?? ''

t.test(
  'a warning of pnpm never stands before a document on standard output',
  { skip: pnpm.includes('pnpm') ? false : 'not run by pnpm' },
  async t => {
    const folder = await mkdtemp(join(tmpdir(), 'seg-runner-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    await mkdir(join(folder, 'packages/one'), { recursive: true })
    // With our own settings of the runner, and an engine that it warns of.
    const own = await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8')
    const settings = own.split('\n').filter(line => /^useStderr:/.test(line))
    await writeFile(join(folder, 'pnpm-workspace.yaml'), ['packages:', '  - packages/*', ...settings, ''].join('\n'))
    const engines = { node: '>=999' }
    const manifest = { name: 'one', version: '1.0.0', engines, scripts: { document: 'echo "<document/>"' } }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'all', private: true, engines }))
    await writeFile(join(folder, 'packages/one/package.json'), JSON.stringify(manifest))
    const command = pnpm.endsWith('js') ? [process.execPath, pnpm] : [pnpm]
    const [program = '', ...args] = [...command, '--filter', 'one', 'document']
    const { stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
    t.equal(stdout, '<document/>\n')
    t.match(stderr, /Unsupported engine/)
  },
)
