// Makes a folder that runs without this checkout: JavaScript that `tsc` has written, and the
// libraries that it needs. `node deploy/build.ts FOLDER`; the folder is new or empty.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { writeHelp } from './help/help-files.ts'

const root = resolve(import.meta.dirname, '..')
const packages = ['core', 'xmldsig', 'pki', 'ledger', 'operators', 'console', 'sender', 'receiver']
/** What the compiled packages read besides code, and what nobody runs. */
const OTHER_FILES = ['schemas', 'page', 'built']
const NOT_RUN = /(?:\.test\.js|\.d\.ts|\.map|\.tsbuildinfo)$|^(?:testing|app)(?:\/|$)|\/testing(?:\/|$)/

type Manifest = {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly exports?: string | Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const [target] = process.argv.slice(2)
if (target === undefined) throw new Error('usage: node deploy/build.ts FOLDER')
const out = resolve(target)
if (existsSync(out) && readdirSync(out).length > 0) throw new Error(`expected a new or empty folder at ${out}`)

const projects = packages.map(name => join('packages', name))
const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['--build', ...projects], {
  cwd: root,
  stdio: 'inherit',
})
if (compiled.status !== 0) throw new Error('tsc found errors')
const consoleBuilt = spawnSync(process.execPath, [join(root, 'packages/console/src/bundle/build-console.ts')], {
  stdio: 'inherit',
})
if (consoleBuilt.status !== 0) throw new Error('the console could not be built')
for (const name of packages) copyPackage(name)
copyLibraries()
writeProgram()
await writeHelp(join(out, 'share'))

/** Only what a source of today compiles to: a file that was removed may still have its output. */
function copyPackage(name: string): void {
  const [from, to] = [join(root, 'packages', name), join(out, 'packages', name)]
  const sourceOf = (path: string) => join(from, 'src', relative(join(from, 'dist'), path)).replace(/\.js$/, '.ts')
  cpSync(join(from, 'dist'), join(to, 'dist'), {
    recursive: true,
    filter: path => !NOT_RUN.test(relative(join(from, 'dist'), path)) && existsSync(sourceOf(path)),
  })
  for (const folder of OTHER_FILES.filter(folder => existsSync(join(from, folder))))
    cpSync(join(from, folder), join(to, folder), { recursive: true })
  const { version, license, exports: entries } = readManifest(from)
  const manifest = { name: `@seg/${name}`, version, license, type: 'module', exports: compiledEntries(entries) }
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const link = join(out, 'node_modules/@seg', name)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(relative(dirname(link), to), link)
}

function compiledEntries(entries: Manifest['exports'] = {}): Readonly<Record<string, string>> {
  const sources = typeof entries === 'string' ? { '.': entries } : entries
  return Object.fromEntries(
    Object.entries(sources)
      .filter(([entry]) => entry !== './testing')
      .map(([entry, source]) => [entry, source.replace('./src/', './dist/').replace(/\.ts$/, '.js')]),
  )
}

/** Each library once at the top; another version of it below the one that needs it. */
function copyLibraries(): void {
  const waiting = packages.flatMap(name => {
    const folder = join(root, 'packages', name)
    const { dependencies = {}, optionalDependencies = {} } = readManifest(folder)
    return Object.keys({ ...dependencies, ...optionalDependencies })
      .filter(library => !library.startsWith('@seg/'))
      .map(library => ({ library, from: folder, below: out }))
  })
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { library, from, below } = next
    const source = findLibrary(library, from)
    if (source === undefined) continue
    const manifest = readManifest(source)
    const places = [join(out, 'node_modules', library), join(below, 'node_modules', library)]
    if (places.some(place => existsSync(place) && readManifest(place).version === manifest.version)) continue
    const place = places.find(free => !existsSync(free))
    if (place === undefined) throw new Error(`two versions of ${library} below ${below}`)
    cpSync(source, place, { recursive: true, filter: path => basename(path) !== 'node_modules' || path === source })
    const { dependencies = {}, optionalDependencies = {} } = manifest
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies }))
      waiting.push({ library: needed, from: source, below: place })
  }
}

/** As Node finds it from `from`; undefined for an optional one that is not installed. */
function findLibrary(library: string, from: string): string | undefined {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const place = join(folder, 'node_modules', library)
    if (existsSync(place)) return realpathSync(place)
  }
  return undefined
}

function writeProgram(): void {
  // It has no types.
  const source = readFileSync(join(root, 'seg.ts'), 'utf8').replace('/src/main.ts', '/dist/main.js')
  writeFileSync(join(out, 'seg.js'), source)
  const { version, license } = readManifest(root)
  writeFileSync(
    join(out, 'package.json'),
    `${JSON.stringify({ name: 'seg', version, license, private: true, type: 'module' }, undefined, 2)}\n`,
  )
  cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'))
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
