// docs/integrate.md from nothing to a proven acceptance: each of its blocks, in each language that
// is installed.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from '@seg/pki'
import t from 'tap'
import { startReceiver } from '../support/commands.ts'
import { needs, run } from '../support/programs.ts'
import { type CodeBlock, isRun } from './code-blocks.ts'
import { openRecipe } from './recipe.ts'

const languages = {
  'Sign with xmlsec1': needs('xmlsec1'),
  'Sign with Java': needs('java', ['-version']),
  'Sign with .NET': needs('dotnet'),
  'Sign with Python': {
    skip:
      run('python3', ['-c', 'import cryptography']).status === 0 ? false : 'cryptography for python3 is not installed',
  },
  'Sign with Go': needs('go', ['version']),
} as const

const tools = {
  skip:
    ['curl', 'openssl', 'xmllint', 'xmlsec1']
      .map(tool => needs(tool, tool === 'openssl' ? ['version'] : ['--version']).skip)
      .find(Boolean) ?? false,
}

t.test('a document signed by other means is delivered, and its acceptance is proven', tools, async t => {
  const ours = await mkdtemp(join(tmpdir(), 'seg-integrate-'))
  t.teardown(() => rm(ours, { recursive: true, force: true }))
  const certs = join(ours, 'certs')
  await generate({ out: certs, key: 'rsa-2048' })
  const receiver = await startReceiver(t, ['--certs', certs, '--data', join(ours, 'data')])
  const recipe = await openRecipe(t, 'docs/integrate.md', { RECEIVER: receiver.url.origin })
  const at = (name: string) => join(recipe.folder, name)
  const expectRun = async (block: CodeBlock, stdout?: RegExp) => {
    const ran = await recipe.run(block)
    t.equal(ran.exitCode, 0, `docs/integrate.md:${block.line}: ${ran.stdout}${ran.stderr}`)
    if (stdout) t.match(ran.stdout, stdout)
  }
  const under = (heading: string) => {
    const found = recipe.blocks.filter(block => block.heading === heading && isRun(block))
    if (found.length === 0) throw new Error(`docs/integrate.md has no block under ${heading}`)
    return found
  }

  await mkdir(at('certs'))
  for (const name of ['ca.crt', 'log.pub']) await copyFile(join(certs, name), at(`certs/${name}`))
  for (const block of under('A key and a certificate')) await expectRun(block)
  await writeFile(
    at('sender.ext'),
    'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n' +
      'extendedKeyUsage=clientAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
  )
  const issue =
    `openssl x509 -req -days 30 -in sender.csr -CA '${certs}/ca.crt' ` +
    `-CAkey '${certs}/ca.key' -extfile sender.ext -out certs/sender.crt`
  t.match(await recipe.runText(issue), { exitCode: 0 })

  for (const [heading, { skip }] of Object.entries(languages)) {
    await t.test(heading, { skip }, async t => {
      for (const block of [
        ...under('A document'),
        ...under(heading),
        ...under('Deliver'),
        ...under('Check the receipt'),
      ])
        await expectRun(block, block.heading === 'Check the receipt' ? /was accepted at/ : undefined)
      t.match(await readFile(at('receipt.xml'), 'utf8'), '<Receipt')
    })
  }

  await t.test('what was not accepted, or not by this receiver, is not proven', async t => {
    const genuine = {
      signed: await readFile(at('signed.xml')),
      receipt: await readFile(at('receipt.xml'), 'utf8'),
      key: await readFile(at('certs/log.pub'), 'utf8'),
    }
    const restore = async () => {
      await writeFile(at('signed.xml'), genuine.signed)
      await writeFile(at('receipt.xml'), genuine.receipt)
      await writeFile(at('certs/log.pub'), genuine.key)
    }
    const refuses = async (reason: RegExp) => {
      t.match(await recipe.runText('sh check.sh'), { exitCode: 6, stderr: reason })
      await restore()
    }
    await writeFile(at('signed.xml'), Buffer.concat([genuine.signed, Buffer.from('\n')]))
    await refuses(/DocumentDigest/)
    await writeFile(at('receipt.xml'), genuine.receipt.replace('</AcceptedAt>', ' </AcceptedAt>'))
    await refuses(/the seal does not verify/)
    // Another key under the same name: the checkpoint is not this log's.
    await generate({ out: join(ours, 'others') })
    await copyFile(join(ours, 'others/log.pub'), at('certs/log.pub'))
    await refuses(/not signed with the key/)
    const template = genuine.receipt
      .replace(
        /<SignatureMethod [\s\S]*?<\/SignatureMethod>/,
        '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>',
      )
      .replace(/<DigestValue>[\s\S]*?<\/DigestValue>/, '<DigestValue/>')
      .replace(/<SignatureValue>[\s\S]*<\/Signature>/, '<SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>')
    const keys = `${join(certs, 'receiver.key')},${join(certs, 'receiver.crt')}`
    await writeFile(at('receipt.xml'), run('xmlsec1', ['--sign', '--privkey-pem', keys, '-'], template).output)
    await refuses(/not for signing documents/)
    t.match(await recipe.runText('sh check.sh'), { exitCode: 0 }, 'and the real thing is')
  })
  const skipped = Object.entries(languages)
    .filter(([, { skip }]) => skip !== false)
    .map(([heading]) => heading)
  t.same(
    recipe.unrun().map(({ heading }) => heading),
    skipped,
  )
})
