// `pnpm seg <package> <command> …`: any command of any package, with its own exit code, which `pnpm
// --filter` does not pass on.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// A command starts in less than half the time when Node need not compile it anew.
enableCompileCache(join(import.meta.dirname, 'node_modules/.cache/compiled'))

const programs = ['pki', 'receiver', 'sender']
// One file configures both gateways; pnpm has a command `config` of its own.
if (process.argv[2] === 'config') process.argv.splice(2, 0, 'receiver')
const [name = '', ...args] = process.argv.slice(2)
// A service that still loads its modules is not ended by it (core/src/signals.ts).
if (['start', 'deliver'].includes(args[0] ?? '')) process.on('SIGHUP', () => {})

if (programs.includes(name)) {
  process.argv.splice(2, 1)
  const { run } = await import(`./packages/${name}/src/main.ts`)
  await run()
} else {
  process.stderr.on('error', () => {})
  process.stderr.write(`usage: pnpm seg <${programs.join('|')}> <command> …\n`)
  process.exitCode = args.length === 0 && ['--help', '-h'].includes(name) ? 0 : 2
}
