// Each xmlsec1 command that a page or a message gives accepts what was really signed and refuses
// what a forger can make.
import { globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import { openReceiptSeal } from '@seg/xmldsig'
import { prepareDocument, signDocument } from '@seg/xmldsig/testing'
import t from 'tap'
import { root } from '../support/commands.ts'
import { needs, run } from '../support/programs.ts'
import { receiptFacts } from '../support/receipt-facts.ts'
import { listPages } from './code-blocks.ts'

/** From the program's name to the end of the command; `${…}` stands in messages. */
const COMMAND = /xmlsec1 --verify(?: (?:\$\{show\(join\([^`]*?\)\)\}|\$\{[^}]*\}|[^\s`'">|]+))+/g

const sources = globSync(['demo/*.ts', 'packages/*/src/**/*.ts'], { cwd: root, exclude: ['**/*.test.ts'] })
const commands = [...listPages(), ...sources].flatMap(page =>
  [...readFileSync(join(root, page), 'utf8').matchAll(COMMAND)].map(([command]) => ({ page, command })),
)

const folder = await mkdtemp(join(tmpdir(), 'seg-xmlsec1-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)

const EMPTY_DOCUMENT = `<CriticalDocument id="doc1">\
<SenderID>MINISTRY 1_SEG01</SenderID><ReceiverID>MINISTRY 2_SEG01</ReceiverID>\
<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload/></CriticalDocument>`

t.test('there are such commands, for documents and for receipts', async t => {
  t.ok(commands.some(({ command }) => command.includes('sender.crt')))
  t.ok(commands.some(({ command }) => /seal\.(crt|pem)/.test(command)))
  t.ok(commands.some(({ page }) => page === 'demo/main.ts'))
})

t.test('each accepts the real thing and refuses every forgery', needs('xmlsec1'), async t => {
  await mkdir(at('certs'))
  await generate({ out: at('certs'), key: 'rsa-2048' })
  const [sender, seal] = await Promise.all([loadIdentity(at('certs'), 'sender'), loadIdentity(at('certs'), 'seal')])
  const document = await signDocument(prepareDocument(Buffer.from(EMPTY_DOCUMENT), { now: new Date() }), sender)
  const genuine = { 'sender.crt': document, 'seal.crt': openReceiptSeal(seal)(receiptFacts) }
  t.equal(run('openssl', ['genrsa', '-out', at('stranger.key'), '2048']).status, 0)

  for (const { page, command } of commands) {
    const certificate = /seal\.(crt|pem)/.test(command) ? 'seal.crt' : 'sender.crt'
    // The receiver is a partner of the sender, and the sender of the receiver: either has a
    // certificate of the CA.
    const other = certificate === 'seal.crt' ? 'sender' : 'receiver'
    const accepts = async (name: string, bytes: Buffer) => {
      await writeFile(at(name), bytes)
      const { status } = run('xmlsec1', argumentsOf(command, at('certs'), at(name)))
      return status === 0
    }
    const original = genuine[certificate]
    t.ok(await accepts('genuine.xml', original), `${page} accepts what was signed`)
    const changed = original.toString().replace('MINISTRY 1', 'MINISTRY 3')
    t.notOk(await accepts('changed.xml', Buffer.from(changed)), `${page} refuses what was changed`)
    for (const [name, forged] of Object.entries(forge(original.toString(), other))) {
      t.notOk(await accepts('forged.xml', forged), `${page} refuses ${name}`)
      const byKeyInfo = run('xmlsec1', ['--verify', '--trusted-pem', at('certs/ca.crt'), at('forged.xml')])
      t.equal(byKeyInfo.status === 0, forged.includes('KeyInfo'), 'whose own KeyInfo verifies it')
    }
  }
})

/**
 * What a forger who has the certificate of another partner, or none, makes of the content of
 * `original`.
 */
function forge(original: string, partner: string): Record<string, Buffer> {
  const keys = { partner: `${at(`certs/${partner}.key`)},${at(`certs/${partner}.crt`)}`, stranger: at('stranger.key') }
  const content = original.replace(/<Signature [\s\S]*<\/Signature>/, '')
  const sign = (key: keyof typeof keys, keyInfo: string) => {
    const method = '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
    const signature = original
      .match(/<Signature [\s\S]*<\/Signature>/)![0]
      .replace(/<SignatureMethod [\s\S]*?<\/SignatureMethod>|<SignatureMethod [^>]*\/>/, method)
      .replace(/<DigestValue>[\s\S]*?<\/DigestValue>/, '<DigestValue/>')
      .replace(/<SignatureValue>[\s\S]*<\/Signature>/, `<SignatureValue/>${keyInfo}</Signature>`)
    const end = content.lastIndexOf('</')
    const template = content.slice(0, end).replace('MINISTRY 1', 'MINISTRY 3') + signature + content.slice(end)
    const { status, output } = run('xmlsec1', ['--sign', '--privkey-pem', keys[key], '-'], template)
    if (status !== 0) throw new Error(`cannot sign a forgery: ${output}`)
    return Buffer.from(output)
  }
  return {
    "one under a partner's certificate": sign('partner', '<KeyInfo><X509Data/></KeyInfo>'),
    "one under a partner's key": sign('partner', '<KeyInfo><KeyValue/></KeyInfo>'),
    "one under a stranger's key": sign('stranger', '<KeyInfo><KeyValue/></KeyInfo>'),
    'one under a key that has a name': sign('stranger', '<KeyInfo><KeyName>x</KeyName><KeyValue/></KeyInfo>'),
    'one that names no key': sign('stranger', ''),
  }
}

/** The command as it stands there, with certificates of `certs` and over `file`. */
function argumentsOf(command: string, certs: string, file: string): string[] {
  const words = command.match(/\$\{show\(join\([^`]*?\)\)\}|\$\{[^}]*\}|\S+/g)!.slice(1, -1)
  const placed = words.map(word => {
    const [, name] = /(\w+?)(?:\.crt|\.pem|Crt)\b/.exec(word) ?? []
    return name === undefined ? word : join(certs, `${name}.crt`)
  })
  return [...placed, file]
}
