// The shape of the repository: which package may import which, and which file may touch which
// library.
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '..')

/** What each package may import of the others (docs/architecture.md). */
const mayImport: Record<string, readonly string[]> = {
  console: [],
  core: [],
  xmldsig: ['core'],
  pki: ['core'],
  ledger: ['core'],
  operators: ['core', 'xmldsig', 'pki', 'ledger'],
  sender: ['core', 'xmldsig', 'pki', 'ledger', 'operators'],
  receiver: ['core', 'xmldsig', 'pki', 'ledger', 'operators', 'console'],
}

type Source = { readonly path: string; readonly imports: readonly string[] }

function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .map(name => ({ path: relative(root, join(folder, name)), imports: readImports(join(folder, name)) }))
}

function readImports(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/(?:^(?:import|export)\b[^'"]*?from\s*|^import\s*|\bimport\()['"]([^'"]+)['"]/gm)].map(
    match => match[1]!,
  )
}

const isTest = ({ path }: Source) => path.endsWith('.test.ts') || path.includes('/testing/')
const tracked = globSync(['*.{md,ts}', '{bench,demo,docs,packages,test}/**/*.{md,ts,tsx}'], {
  cwd: root,
  exclude: ['**/node_modules/**', '**/dist/**'],
})
const packages = Object.keys(mayImport)
const sourcesOf = (name: string) => readSources(join(root, 'packages', name, 'src'))
const product = packages.flatMap(sourcesOf).filter(source => !isTest(source))

t.test('packages import only what their place in the graph allows', async t => {
  t.same(readdirSync(join(root, 'packages')).sort(), packages.toSorted())
  for (const name of packages) {
    for (const { path, imports } of sourcesOf(name)) {
      for (const target of imports.filter(specifier => specifier.startsWith('@seg/'))) {
        const [, library, entry] = target.split('/')
        t.ok(mayImport[name]!.includes(library!), `${path} imports ${target}`)
        if (entry === 'testing') t.ok(isTest({ path, imports }), `${path} is a test: it imports ${target}`)
      }
      for (const target of imports.filter(specifier => specifier.startsWith('.'))) {
        const file = relative(join(root, 'packages', name, 'src'), resolve(root, path, '..', target))
        t.notOk(file.startsWith('..'), `${path} stays inside its package: ${target}`)
      }
    }
  }
})

t.test('project references and dependencies repeat the graph', async t => {
  for (const name of packages) {
    const folder = join(root, 'packages', name)
    const { references } = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8'))
    t.same(
      references.map(({ path }: { path: string }) => path.slice('../'.length)).sort(),
      mayImport[name]!.toSorted(),
      `${name}/tsconfig.json`,
    )
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const own = Object.keys(dependencies).filter(dependency => dependency.startsWith('@seg/'))
    for (const dependency of own)
      t.ok(mayImport[name]!.includes(dependency.slice('@seg/'.length)), `${name}/package.json has ${dependency}`)
  }
})

t.test('each foreign library has one importing file in a package', async t => {
  const importers = new Map<string, string[]>()
  for (const { path, imports } of product) {
    for (const specifier of new Set(imports)) {
      if (specifier.startsWith('.') || specifier.startsWith('@seg/') || isBuiltin(specifier)) continue
      const place = `${specifier} in ${path.split('/').slice(0, 2).join('/')}`
      importers.set(place, [...(importers.get(place) ?? []), path])
    }
  }
  const known = ['xml-crypto in packages/xmldsig', 'node-forge in packages/pki']
  t.ok(
    known.every(place => importers.has(place)),
    'the search finds the libraries that are there',
  )
  for (const [library, paths] of importers) t.equal(paths.length, 1, `${library} is imported by ${paths.join(', ')}`)
})

t.test('what a commit means, and what verifies it, know no store', async t => {
  const src = 'packages/ledger/src'
  const stores = ['sqlite', 'postgres'].map(name => `${src}/${name}/`)
  const storeless = product
    .concat(sourcesOf('ledger').filter(({ path }) => /ledger-contract|test-log|entry-sealer/.test(path)))
    .filter(({ path }) => new RegExp(`^${src}/(batch|log|verification|writer|testing)/|^${src}/ledger\\.ts`).test(path))
  t.ok(storeless.length > 20, 'the search finds the files that are there')
  const seen = new Set<string>()
  const visit = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    t.notOk(
      stores.some(store => path.startsWith(store)),
      `${path} is reached`,
    )
    for (const specifier of readImports(join(root, path))) {
      t.notMatch(specifier, /^(node:sqlite|kysely|pg)/, `${path} imports ${specifier}`)
      if (specifier.startsWith('.')) visit(relative(root, resolve(root, path, '..', specifier)))
    }
  }
  for (const { path } of storeless) visit(path)
})

t.test('the xmldsig package is pure: no network, no disk, no clock of its own', async t => {
  const sources = sourcesOf('xmldsig').filter(source => !isTest(source))
  for (const { path, imports } of sources) {
    t.notOk(
      imports.some(specifier => /^node:(fs|net|http|https|tls|dgram|child_process)/.test(specifier)),
      path,
    )
    t.notMatch(readFileSync(join(root, path), 'utf8'), /Date\.now\(|new Date\(\)/, path)
  }
})

t.test('the independent verifier shares no code with what it verifies', async t => {
  const folder = join(root, 'test/independent')
  const sources = readSources(folder).filter(source => !isTest(source))
  t.ok(sources.length > 5)
  for (const { path, imports } of sources) {
    for (const specifier of imports) {
      const isOwn = specifier.startsWith('./') && !specifier.slice(2).includes('/')
      t.ok(isOwn || isBuiltin(specifier) || specifier === 'libxml2-wasm', `${path} imports ${specifier}`)
    }
    t.notMatch(
      readFileSync(join(root, path), 'utf8'),
      /\bimport\s*\(|\brequire\b|@seg\//,
      `${path} imports nothing in any other way`,
    )
  }
})

t.test('the verifier of the console shares no code with what it verifies, and reaches no network', async t => {
  const sources = readSources(join(root, 'packages/console/src/verifier'))
  t.ok(sources.length > 10)
  for (const { path, imports } of sources) {
    for (const specifier of imports)
      t.match(
        specifier.startsWith('.') ? relative(root, resolve(root, path, '..', specifier)) : specifier,
        /^packages\/console\/src\/verifier\//,
        `${path} imports ${specifier}`,
      )
    t.notMatch(
      readFileSync(join(root, path), 'utf8'),
      /\bimport\s*\(|\brequire\b|@seg\/|\bfetch\b|XMLHttpRequest|WebSocket|EventSource|sendBeacon|\beval\b|innerHTML/,
      `${path} imports nothing in any other way, and asks nobody`,
    )
  }
})

t.test('the console is text and data: nothing of it becomes HTML or a script', async t => {
  const sources = readSources(join(root, 'packages/console/src/app'))
  t.ok(sources.some(({ path }) => path.endsWith('.tsx')))
  for (const { path } of sources)
    t.notMatch(
      readFileSync(join(root, path), 'utf8'),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|DOMParser|style=["{]/,
      path,
    )
})

t.test('no source file imports itself by way of others', async t => {
  const imports = new Map(
    product.map(({ path, imports }) => [
      path,
      imports.filter(target => target.startsWith('.')).map(target => relative(root, resolve(root, path, '..', target))),
    ]),
  )
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) t.fail(`a circle: ${[...way.slice(way.indexOf(path)), path].join(' → ')}`)
    if (done.has(path) || way.includes(path)) return
    for (const target of imports.get(path) ?? []) visit(target, [...way, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  t.ok(done.size > 100, 'the search finds the files that are there')
})

t.test('no two files of the product export the same name', async t => {
  const files = new Map<string, string[]>()
  for (const { path } of product.filter(({ path }) => !path.endsWith('/index.ts'))) {
    const text = readFileSync(join(root, path), 'utf8')
    const names = text.matchAll(
      /^export (?:async |abstract )*(?:function\*?|class|const|let|type|interface|enum) +(\w+)/gm,
    )
    for (const [, name] of names) files.set(name!, [...(files.get(name!) ?? []), path])
  }
  t.ok(files.has('acceptDocument') && files.has('Fault'), 'the search finds the names that are there')
  for (const [name, paths] of files)
    t.equal(new Set(paths).size, 1, `${name} is exported by ${[...new Set(paths)].join(', ')}`)
})

t.test('a folder holds at most 20 files of the product, a file at most 300 lines without a reason', async t => {
  const folders = new Map<string, number>()
  for (const { path } of product) {
    folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1)
    const lines = readFileSync(join(root, path), 'utf8').split('\n')
    const reason = lines.slice(0, 8).some(line => line.startsWith('// Long because '))
    t.ok(lines.length <= 301 || reason, `${path} has ${lines.length - 1} lines`)
  }
  for (const [folder, files] of folders) t.ok(files <= 20, `${folder} has ${files} files`)
})

t.test('no line of code is over 120 columns', async t => {
  // Biome leaves strings, templates and regular expressions as they are. An import path, a URL, and
  // octets in base64 or hex cannot be broken.
  const isWhole = (line: string) => /\bfrom '[^']+'$|https?:\/\/\S{80}|[\w+/=]{80}/.test(line)
  const isGenerated = (text: string) => /^\/\/.*\bWritten by `/.test(text)
  const sources = tracked.filter(path => /\.tsx?$/.test(path))
  t.ok(sources.some(path => path.endsWith('.tsx')) && sources.length > 900, 'the search finds the files that are there')
  for (const path of sources) {
    const text = readFileSync(join(root, path), 'utf8')
    const long = text.split('\n').findIndex(line => [...line].length > 120 && !isWhole(line))
    t.ok(long === -1 || isGenerated(text), `${path}:${long + 1} has more than 120 columns`)
  }
})

t.test('comments and prose are wrapped at 100 columns', async t => {
  const isComment = (line: string) => /^ *(\/\/|\*|\/\*)/.test(line)
  for (const path of tracked.filter(path => /\.tsx?$/.test(path))) {
    const long = readFileSync(join(root, path), 'utf8')
      .split('\n')
      .findIndex(line => line.length > 100 && isComment(line) && !/https:\/\/|biome-ignore/.test(line))
    t.equal(long, -1, `${path}:${long + 1} has a comment of more than 100 columns`)
  }
  for (const path of tracked.filter(path => path.endsWith('.md'))) {
    const prose = readFileSync(join(root, path), 'utf8').replace(/^```[\s\S]*?^```/gm, block =>
      block.replace(/[^\n]/g, ''),
    )
    const long = prose
      .split('\n')
      .findIndex(line => line.length > 100 && !/^ *\||^ {4}|https:\/\//.test(line) && /\S\s+\S/.test(line))
    t.equal(long, -1, `${path}:${long + 1} has prose of more than 100 columns`)
  }
})
