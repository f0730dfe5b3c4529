// The recipes of docs/pki.md, run as they stand there: from nothing to the first delivered
// document.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../support/commands.ts'
import { isRun } from './code-blocks.ts'
import { openRecipe } from './recipe.ts'

/** One that was free a moment ago. */
async function findPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return String(port)
}

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

t.test('the recipe for a CA of your own leads to a delivered document', { skip }, async t => {
  const port = await findPort()
  const recipe = await openRecipe(t, 'docs/pki.md', { SEG_PORT: port, SEG_TO: `https://localhost:${port}` })
  await copyFile(join(root, 'sample_document.xml'), join(recipe.folder, 'sample_document.xml'))
  const blocks = recipe.blocks.filter(isRun)
  for (const block of blocks) {
    const ran = await recipe.run(block)
    t.equal(ran.exitCode, 0, `docs/pki.md:${block.line}: ${ran.stderr.slice(-500)}`)
    if (block.text.includes('inspect'))
      for (const profile of ['ca', 'sender', 'receiver', 'seal']) t.match(ran.stdout, `profile ${profile}`)
    if (block.text.includes('sender send')) t.match(ran.stdout, /deliver/, 'the document is delivered')
    if (block.text.includes('revoke')) t.match(ran.stdout, /Revoked Certificates:.*Superseded/s)
  }
  t.match(await recipe.runText('pnpm --filter receiver log verify --certs certs --data data/receiver'), {
    exitCode: 0,
    stdout: /the log is whole.* 1 documents? with/,
  })
  t.same(recipe.unrun(), [])
})
