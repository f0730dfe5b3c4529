// The recipes of docs/pki.md, run as they stand there.
import t from 'tap'
import { isRun } from './code-blocks.ts'
import { openRecipe } from './recipe.ts'

t.test('the recipe for an own CA makes certificates that pki inspect knows', async t => {
  const recipe = await openRecipe(t, 'docs/pki.md')
  for (const block of recipe.blocks.filter(isRun)) {
    t.match(await recipe.run(block), { exitCode: 0 }, `docs/pki.md:${block.line}`)
  }
  t.match(await recipe.runText('pnpm --filter pki inspect certs'), { exitCode: 0, stdout: /profile seal/ })
  t.same(recipe.unrun(), [])
})
