// Every shell block of every page is run by a test, or says that it is an excerpt.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { isRun, listPages, parseCodeBlocks, readCodeBlocks } from './code-blocks.ts'
import { openRecipe } from './recipe.ts'

t.test('each page with shell blocks has a test that runs them all', async t => {
  const pages = listPages().filter(page => readCodeBlocks(page).some(isRun))
  t.ok(pages.includes('docs/pki.md'))
  for (const page of pages) {
    const test = join(import.meta.dirname, `${basename(page, '.md')}.test.ts`)
    if (!existsSync(test)) {
      t.fail(`${page} has shell blocks: ${test} must run them, or they must be marked: sh excerpt`)
      continue
    }
    const source = readFileSync(test, 'utf8')
    t.match(source, `openRecipe(t, '${page}'`, `${test} runs the blocks of ${page}`)
    t.match(source, '.unrun()', `${test} expects that none was left out`)
  }
})

t.test('a block is named in one language, and shell goes by one name', async t => {
  for (const block of listPages().flatMap(readCodeBlocks)) {
    const where = `${block.page}:${block.line}`
    t.not(block.language, '', `${where} names its language`)
    t.notMatch(block.language, /^(bash|shell|console|zsh)$/, `${where} is called sh`)
  }
})

t.test('blocks are read with their place, language, file and mark', async t => {
  const page = [
    '# A',
    '```sh',
    'a',
    '',
    'b',
    '```',
    '## B',
    '```java file=X.java',
    '# c',
    '```',
    '```sh excerpt',
    '```',
  ]
  t.same(parseCodeBlocks('p.md', page.join('\n')), [
    { page: 'p.md', line: 2, heading: 'A', language: 'sh', file: undefined, isExcerpt: false, text: 'a\n\nb\n' },
    { page: 'p.md', line: 8, heading: 'B', language: 'java', file: 'X.java', isExcerpt: false, text: '# c\n' },
    { page: 'p.md', line: 11, heading: 'B', language: 'sh', file: undefined, isExcerpt: true, text: '\n' },
  ])
  t.throws(() => parseCodeBlocks('p.md', '\n```sh\na'), { message: 'p.md:2: the code block is never closed' })
})

t.test('a recipe stops at the first command that fails, and finds the commands of this checkout', async t => {
  const recipe = await openRecipe(t, 'docs/pki.md', { GREETING: 'hello' })
  t.match(await recipe.runText('echo "$GREETING"\nfalse\necho never'), { exitCode: 1, stdout: 'hello\n' })
  t.match(await recipe.runText('pnpm --filter pki gen --help'), { exitCode: 0, stdout: /--receiver-id/ })
  t.match(await recipe.runText('pnpm --filter pki nonsense'), { exitCode: 1, stderr: /no script nonsense/ })
  t.match(await recipe.runText('pnpm seg pki gen --days 0 --out x'), { exitCode: 2 })
})
