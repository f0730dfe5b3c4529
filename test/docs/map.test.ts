// The pages that lead through the code name what is there: folders, files and functions.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const architecture = read('docs/architecture.md')

t.test('the map has every folder of every package', async t => {
  const sources = globSync('packages/*/src/*/**/*.{ts,tsx}', { cwd: root, exclude: ['**/testing/**'] })
  const folders = new Set(sources.map(source => dirname(source)))
  t.ok(folders.size > 15, 'the search finds the folders that are there')
  for (const folder of folders) {
    t.match(architecture, new RegExp(`^ .* ${folder.split('/src/')[1]} `, 'm'), folder)
    t.ok(existsSync(join(root, folder, 'README.md')), `${folder} has a README.md with its idea`)
  }
})

t.test('each function on the way of a document is where the map says', async t => {
  const rows = [...architecture.matchAll(/^\| .* \| `(\w+)` +\| `(\S+\.ts)` +\|$/gm)]
  t.ok(rows.length > 25, 'the search finds the rows that are there')
  for (const [, name, path] of rows)
    t.match(read(`packages/${path}`), new RegExp(`^export .*(function|class) ${name}\\b`, 'm'), `${name} in ${path}`)
})

t.test('each file that a page names is there', async t => {
  for (const page of globSync(['*.md', 'docs/**/*.md', 'bench/README.md'], { cwd: root })) {
    const text = read(page)
    const named = [
      ...text.matchAll(
        /`((?:packages|test|console|core|xmldsig|pki|ledger|operators|sender|receiver)\/[\w./-]+\.(?:tsx?|md))`/g,
      ),
    ]
    for (const [, path] of named)
      t.ok(
        [path!, `packages/${path}`].some(candidate => existsSync(join(root, candidate))),
        `${page}: ${path}`,
      )
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g))
      t.ok(existsSync(resolve(root, dirname(page), target!)), `${page}: ${target}`)
  }
})

t.test('each library is imported where the page of dependencies says', async t => {
  const rows = [...read('docs/dependencies.md').matchAll(/^\| (\S.*?) +\| .* \| `(\S+\.ts)` +\|$/gm)]
  t.ok(rows.length > 8, 'the search finds the rows that are there')
  for (const [, libraries, path] of rows)
    for (const library of libraries!.split(', '))
      t.match(read(`packages/${path}`), new RegExp(`(?: from |import\\()'${library}'`), `${library} in ${path}`)
})
