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

const ORGANISATIONS = 'Two organisations, a CA each'

t.test('two organisations with a CA each exchange a document after their recipe alone', { skip }, async t => {
  const port = await findPort()
  const recipe = await openRecipe(t, 'docs/pki.md', { SEG_PORT: port, SEG_TO: `https://localhost:${port}` })
  await copyFile(join(root, 'sample_document.xml'), join(recipe.folder, 'sample_document.xml'))
  const blocks = recipe.blocks.filter(isRun).filter(({ heading }) => heading === ORGANISATIONS)
  for (const block of blocks) {
    const ran = await recipe.run(block)
    t.equal(ran.exitCode, 0, `docs/pki.md:${block.line}: ${ran.stderr.slice(-500)}`)
    if (!block.text.includes('sender send')) continue
    t.match(ran.stdout, /deliver/)
    t.match(ran.stdout, /valid: the receiver accepted exactly this document/)
    t.match(ran.stdout, /the log is whole.* 1 documents? with/)
  }
  const send = 'pnpm --filter sender send sample_document.xml --certs ministry-1/certs --data ministry-1/data'
  const revoked = await recipe.runText(`
    pnpm --filter pki revoke ministry-2/authority/receiver.crt --certs ministry-2/authority
    cat ministry-1/authority/ca.crl ministry-2/authority/ca.crl from-ministry-2/root.crl > ministry-1/certs/ca.crl
    ${send} --id doc124`)
  t.equal(revoked.exitCode, 1)
  t.match(
    revoked.stderr,
    /failed: certificate-revoked\n.*\n.*the receiver's server: .*MINISTRY 2_SEG01.*nothing was sent/,
  )
})

t.test('the recipe for a CA of your own leads to a delivered document', { skip }, async t => {
  const port = await findPort()
  const recipe = await openRecipe(t, 'docs/pki.md', { SEG_PORT: port, SEG_TO: `https://localhost:${port}` })
  await copyFile(join(root, 'sample_document.xml'), join(recipe.folder, 'sample_document.xml'))
  const blocks = recipe.blocks.filter(isRun).filter(({ heading }) => heading !== ORGANISATIONS)
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
  t.same(
    recipe.unrun().filter(({ heading }) => heading !== ORGANISATIONS),
    [],
  )
})
