// Each durable write of the commands that make and replace keys, fatal or failed, one at a time:
// run again the command succeeds, and what it replaced is kept. KILL_ROUNDS tries each call, not
// some of them.
import { cp, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadIdentity, loadVerifierKeys } from '@seg/pki'
import t from 'tap'
import {
  countCalls,
  injectionOf,
  isLong,
  noStrace,
  overPoints,
  runTraced,
  type Steps,
} from '../../packages/ledger/src/testing/fault-points.ts'
import { makePartner } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

/** Calls that change what is on the disk; of how many one is tried. */
const failing: Steps = isLong ? { pwrite64: 4, fsync: 1, rename: 1, link: 1, unlink: 1, mkdir: 1 } : {}
/** Also made to talk: none of them is made to fail. */
const fatal: Steps = isLong ? { ...failing, write: 4 } : { rename: 1 }

type Program = 'pki' | 'receiver'
type Case = {
  readonly program: Program
  readonly args: readonly string[]
  /** Files that it replaces: each is there afterwards, in its place or in a folder beside. */
  readonly replaces: readonly string[]
  /** What does not hold after it was run to its end. */
  readonly check: (folder: string) => Promise<string | undefined>
}

const base = await mkdtemp(join(tmpdir(), 'seg-kills-'))
t.teardown(() => rm(base, { recursive: true, force: true }))
const original = join(base, 'original')
const names = ['sender', 'receiver', 'seal'] as const

/** The key is another one, and that of its certificate. */
const isRenewed = (name: (typeof names)[number]) => async (folder: string) => {
  const [before, after] = await Promise.all([loadIdentity(join(original, 'certs'), name), loadIdentity(folder, name)])
  return before.keyPem === after.keyPem ? `${name}.key is the old one` : undefined
}
const renew = (name: (typeof names)[number]): Case => ({
  program: 'pki',
  args: ['renew', name, '--new-key'],
  replaces: [`${name}.key`, `${name}.crt`],
  check: isRenewed(name),
})

const cases: Record<string, Case> = {
  ...(isLong && {
    'pki gen --force': {
      program: 'pki',
      args: ['gen', '--force', '--key', 'ec-p256'],
      replaces: [...names, 'ca', 'log'].flatMap(name => [`${name}.key`, name === 'log' ? 'log.pub' : `${name}.crt`]),
      check: async folder => {
        for (const name of names) {
          const wrong = await isRenewed(name)(folder)
          if (wrong !== undefined) return wrong
        }
        return (await finish('pki', ['inspect', folder], folder)).wrong
      },
    },
  }),
  'pki renew sender': renew('sender'),
  'pki renew seal': renew('seal'),
  'pki revoke': {
    program: 'pki',
    args: ['revoke', join(original, 'certs', 'sender.crt')],
    replaces: [],
    check: async folder => {
      const { stdout, wrong } = await finish('pki', ['revoke', join(original, 'certs', 'sender.crt')], folder)
      return wrong ?? (JSON.parse(stdout).isNew === false ? undefined : 'it was not revoked before')
    },
  },
  'receiver log rotate-key': {
    program: 'receiver',
    args: ['log', 'rotate-key', '--data', 'DATA'],
    replaces: ['log.key'],
    check: async folder => {
      const keys = await loadVerifierKeys(folder)
      if (keys.length < 2) return `log.pub has ${keys.length} lines`
      return (await finish('receiver', ['log', 'verify', '--data', 'DATA'], folder)).wrong
    },
  },
}

/** `certs` is in the folder, and the data beside it. */
const argsOf = (args: readonly string[], certs: string) => [
  ...args.map(arg => (arg === 'DATA' ? join(certs, '../data') : arg)),
  ...['--certs', certs, '--json'],
]

async function finish(program: Program, args: readonly string[], certs: string) {
  const { exitCode, stdout, stderr } = await runCommand(program, argsOf(args, certs))
  const wrong = exitCode === 0 ? undefined : `${program} ${args[0]} ends with ${exitCode}: ${stderr}`
  return { wrong, stdout: stdout.toString() }
}

async function isKept(certs: string, name: string): Promise<boolean> {
  const folders = (await readdir(certs)).filter(found => found.startsWith('replaced-'))
  const before = await readFile(join(original, 'certs', name))
  for (const folder of ['.', ...folders]) {
    const found = await readFile(join(certs, folder, name)).catch(() => undefined)
    if (found?.equals(before)) return true
  }
  return false
}

async function age(certs: string): Promise<void> {
  for (const path of await readdir(certs, { recursive: true }))
    if (/(^|\/)\.tmp-/.test(path)) await utimes(join(certs, path), 1, Date.now() / 1000 - 7200)
}

if (!noStrace) {
  await makePartner(join(original, 'certs'))
  const receiver = await startReceiver(t, ['--certs', join(original, 'certs'), '--data', join(original, 'data')])
  await receiver.stop()
}

for (const [title, { program, args, replaces, check }] of Object.entries(cases)) {
  t.test(
    `${title}, cut off anywhere, succeeds when it is run again, and nothing is lost`,
    { skip: noStrace },
    async t => {
      const script = join(root, `packages/${program}/src/main.ts`)
      const prepare = async (name: string) => {
        const folder = join(base, `${title.replaceAll(' ', '-')}-${name}`)
        await cp(original, folder, { recursive: true })
        return join(folder, 'certs')
      }
      const clean = await prepare('clean')
      const trace = join(base, 'trace')
      const { ended, count } = await countCalls({ script, args: argsOf(args, clean) }, fatal, trace)
      t.equal(ended.exitCode, 0)
      t.equal(await check(clean), undefined)
      let cut = 0
      const cutOff = async (...[call, effect, when]: Parameters<typeof injectionOf>) => {
        const injection = `${call}, ${effect}, ${when}`
        const certs = await prepare(injection.replaceAll(/\W+/g, '-'))
        const { exitCode } = await runTraced({ script, args: argsOf(args, certs) }, injectionOf(call, effect, when))
        if (exitCode !== 0) cut++
        for (const name of replaces) if (!(await isKept(certs, name))) t.fail(`${injection}: ${name} is lost`)
        await age(certs)
        const { wrong } = await finish(program, args, certs)
        if (wrong !== undefined) return void t.fail(`${injection}: ${wrong}`)
        for (const name of replaces) if (!(await isKept(certs, name))) t.fail(`${injection}: then ${name} is lost`)
        const left = (await readdir(certs)).filter(name => /^\.tmp-|\.next$/.test(name))
        t.same(left, [], `${injection} leaves nothing unfinished`)
        t.equal(await check(certs), undefined, injection)
        await rm(join(certs, '..'), { recursive: true, force: true })
      }
      await overPoints(fatal, count, (call, when) => cutOff(call, 'signal=KILL', when))
      await overPoints(failing, count, (call, when) => cutOff(call, 'error=EIO', when))
      t.ok(cut > 0, `${cut} runs were cut off`)
    },
  )
}
