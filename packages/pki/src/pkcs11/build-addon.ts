// `pnpm build:pkcs11`: compiles pkcs11js, a Node-API addon, with the compiler of the system and the
// headers of node-api-headers, from what the lockfile pins. No package runs a script of its own for
// that.
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const compiler = process.env.CXX ?? 'c++'
/** What binding.gyp of pkcs11js says, and what Debian hardens its programs with. */
const flags = [
  ...['-std=c++17', '-O2', '-fPIC', '-shared', '-pthread', '-w'],
  ...['-fstack-protector-strong', '-D_FORTIFY_SOURCE=2', '-Wl,-z,relro,-z,now'],
  ...['-DNODE_GYP_MODULE_NAME=pkcs11', '-DNAPI_DISABLE_CPP_EXCEPTIONS'],
]
const sources = ['dl.cpp', 'common.cpp', 'main.cpp']

process.exitCode = build()

function build(): number {
  if (process.platform !== 'linux')
    return fail(`expected Linux, found ${process.platform}: elsewhere keys in a token are not supported`)
  const library = folderOf(() => require.resolve('pkcs11js/package.json'))
  const headers = folderOf(() => require.resolve('node-api-headers/package.json'))
  if (library === undefined || headers === undefined)
    return fail('pkcs11js or node-api-headers is not installed: `npx -y pnpm@12 install` installs optional packages')
  const out = join(library, 'build/Release/pkcs11.node')
  mkdirSync(dirname(out), { recursive: true })
  const draft = `${out}.${process.pid}`
  const includes = ['-I', join(library, 'includes'), '-I', join(headers, 'include')]
  const files = sources.map(name => join(library, 'src', name))
  const { status, error } = spawnSync(compiler, [...flags, ...includes, ...files, '-o', draft], { stdio: 'inherit' })
  if (error !== undefined)
    return fail(`expected a C++ compiler, ${compiler}, found none (${error.message}): \`apt-get install g++\``)
  if (status !== 0) {
    rmSync(draft, { force: true })
    return fail(`${compiler} ended with status ${status}`)
  }
  // Whole or not at all: a process may be loading it.
  renameSync(draft, out)
  process.stdout.write(`${out}\n`)
  return 0
}

function folderOf(resolve: () => string): string | undefined {
  try {
    return dirname(resolve())
  } catch {
    return undefined
  }
}

function fail(reason: string): number {
  process.stderr.write(`pkcs11js was not compiled: ${reason}\n`)
  return 5
}
