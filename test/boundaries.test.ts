// The shape of the repository: which package may import which, and which file may touch which library.
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '..')

/** What each package may import of the others (docs/architecture.md). */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  xmldsig: ['core'],
  pki: ['core'],
  ledger: ['core'],
  sender: ['core', 'xmldsig', 'pki', 'ledger'],
  receiver: ['core', 'xmldsig', 'pki', 'ledger'],
}

type Source = { readonly path: string; readonly imports: readonly string[] }

function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => ({ path: relative(root, join(folder, name)), imports: readImports(join(folder, name)) }))
}

function readImports(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/(?:^(?:import|export)\b[^'"]*?from\s*|^import\s*|\bimport\()['"]([^'"]+)['"]/gm)].map(
    match => match[1]!,
  )
}

const isTest = ({ path }: Source) => path.endsWith('.test.ts') || path.includes('/testing/')
const packages = Object.keys(mayImport)
const sourcesOf = (name: string) => readSources(join(root, 'packages', name, 'src'))
const product = packages.flatMap(sourcesOf).filter(source => !isTest(source))

t.test('packages import only what their place in the graph allows', async t => {
  t.same(readdirSync(join(root, 'packages')).sort(), packages.toSorted())
  for (const name of packages) {
    for (const { path, imports } of sourcesOf(name)) {
      for (const target of imports.filter(specifier => specifier.startsWith('@seg/'))) {
        t.ok(mayImport[name]!.includes(target.slice('@seg/'.length)), `${path} imports ${target}`)
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

t.test('each foreign library has one importing file', async t => {
  const importers = new Map<string, string[]>()
  for (const { path, imports } of product) {
    for (const specifier of imports) {
      if (specifier.startsWith('.') || specifier.startsWith('@seg/') || isBuiltin(specifier)) continue
      importers.set(specifier, [...(importers.get(specifier) ?? []), path])
    }
  }
  t.ok(importers.has('xml-crypto') && importers.has('node-forge'), 'the search finds the libraries that are there')
  for (const [library, paths] of importers) t.equal(paths.length, 1, `${library} is imported by ${paths.join(', ')}`)
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
