// Keys in a token of PKCS #11, with SoftHSM: they seal receipts and sign documents, and what is
// wrong with them is found at the start, by one try with the PIN.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { constants, verify, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import { generate, loadSigningIdentity, loadTrust, loadVerifierKeys, TokenKey } from '@seg/pki'
import t, { type Test } from 'tap'
import { openEvidence, verifyLedger } from '../../packages/ledger/src/index.ts'
import { issueFiles, makeCsr, renewFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { type KeyKind, keyKinds } from '../../packages/pki/src/issuing/key-pairs.ts'
import { signByToken } from '../../packages/pki/src/pkcs11/sign-by-token.ts'
import { parseTokenUri } from '../../packages/pki/src/pkcs11/token-uri.ts'
import { loadCredentials } from '../../packages/receiver/src/credentials/load-credentials.ts'
import { certificateChecks } from '../../packages/receiver/src/diagnosis/certificate-checks.ts'
import { watchReadiness } from '../../packages/receiver/src/measures/readiness.ts'
import { SealState } from '../../packages/receiver/src/measures/seal-state.ts'
import { openOriginCheck } from '../../packages/receiver/src/stored/verify-origin.ts'
import { openReceiptCheck } from '../../packages/receiver/src/stored/verify-sealed-receipt.ts'
import { post } from '../../packages/receiver/src/testing/client.ts'
import * as receiver from '../../packages/receiver/src/testing/gateway.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { senderChecks } from '../../packages/sender/src/diagnosis/sender-checks.ts'
import { makeDocument, openSender, openTemplate } from '../../packages/sender/src/testing/gateways.ts'
import { needs } from '../support/programs.ts'

const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
const addon = join(import.meta.dirname, '../../packages/pki/node_modules/pkcs11js/build/Release/pkcs11.node')
const softhsm = needs('softhsm2-util')
const skip = softhsm.skip || (existsSync(addon) ? false : 'pkcs11js is not compiled: pnpm build:pkcs11')

// Other programs, and processes of tokens, take their time on a busy machine.
t.setTimeout(600_000)

const folder = await receiver.makeFolder(t)
process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf')

type Token = { readonly label: string; readonly pin: string; readonly files: string }

/** A token of its own; `files` is where SoftHSM keeps all of them. */
async function makeToken(label: string): Promise<Token> {
  const files = join(folder, label)
  await mkdir(files)
  await useTokens(files)
  softhsmUtil('--init-token', '--free', '--label', label, '--so-pin', '87654321', '--pin', '1234')
  const pin = join(folder, `${label}.pin`)
  await writeFile(pin, '1234\n', { mode: 0o600 })
  return { label, pin, files }
}

async function useTokens(files: string): Promise<void> {
  await writeFile(process.env.SOFTHSM2_CONF!, `directories.tokendir = ${files}\nlog.level = ERROR\n`)
}

function softhsmUtil(...args: string[]): void {
  const { status, stderr } = spawnSync('softhsm2-util', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`softhsm2-util ${args[0]}: ${stderr}`)
}

/** Into the token, with a PIN that is right: this is also how somebody logs in by hand. */
function importKey({ label }: Token, name: string, id: string, pem: string): void {
  softhsmUtil('--import', pem, '--token', label, '--label', name, '--id', id, '--pin', '1234')
}

function addressOf({ label, pin }: Token, name: string): string {
  return `pkcs11:token=${label};object=${name}?module-path=${MODULE}&pin-source=file:${pin}`
}

/** The key of the file goes into the token, and its address into the file. */
async function moveKey(token: Token, certs: string, name: string, id: string): Promise<void> {
  const path = join(certs, `${name}.key`)
  importKey(token, name, id, path)
  await writeFile(path, `${addressOf(token, name)}\n`, { mode: 0o600 })
}

function keyAt(token: Token, name: string, path: string): TokenKey {
  return new TokenKey(path, parseTokenUri(path, addressOf(token, name)))
}

/** A key that asks in vain, or not at all, ends its process. */
async function refusalOf(key: TokenKey): Promise<string> {
  try {
    await key.sign(Buffer.from('x'), { kind: 'ec', hash: 'sha256' })
    return 'signed'
  } catch (error) {
    return (error as Error).message
  } finally {
    key.end()
  }
}

async function makeCerts(t: Test): Promise<string> {
  const certs = await receiver.makeFolder(t)
  await generate({ out: certs, key: 'ec-p256' })
  return certs
}

/** The processes of tokens that this one, or a thread of it, has started. */
function tokenProcesses(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && readProc(name, 'cmdline').includes('token-program'))
    .filter(name => readProc(name, 'stat').replace(/^.*\)/s, '').split(' ')[2] === String(process.pid))
    .map(Number)
}

/** Empty for a process that has ended. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

t.test('seal and documents are signed by the token, and the log verifies', { skip }, async t => {
  const token = await makeToken('exchange')
  const certs = await makeCerts(t)
  const request = { certs, ca: 'ca', profile: 'seal', id: 'MINISTRY 1_SEG01', hosts: [], days: 397 } as const
  await issueFiles({ ...request, key: 'rsa-2048', out: join(certs, 'signing'), now: new Date() })
  await moveKey(token, certs, 'seal', '01')
  await moveKey(token, certs, 'signing', '02')
  const gateway = await receiver.openGateway(t, certs)
  await receiver.setTrust(
    gateway,
    `trust: { mode: listed, authorities: { gov: { anchors: ca.crt } } }
partners:
  - id: MINISTRY 1_SEG01
    certificates:
      - { for: [tls], authority: gov, subject: { CN: MINISTRY 1_SEG01 } }
      - { for: [sign], authority: gov, subject: { CN: MINISTRY 1_SEG01 } }
`,
  )
  await using sender = await openSender(certs, await receiver.makeFolder(t))
  const url = new URL(`https://localhost:${gateway.port}`)
  for (const id of ['one', 'two']) {
    const delivery = await sendTemplate(await openTemplate(t, makeDocument({ id })), url, sender)
    t.match(delivery, { receipt: { documentId: id }, made: { tries: 1 } })
    t.match(await readFile(delivery.documentPath, 'utf8'), 'rsa-sha256')
    t.match(await readFile(delivery.receiptPath, 'utf8'), 'ecdsa-sha256')
  }
  const trust = await loadTrust(certs)
  const verification = verifyLedger(openEvidence(gateway.data), (await loadVerifierKeys(certs)).join('\n'), {
    checkReceipt: openReceiptCheck(trust),
    checkOrigin: openOriginCheck(gateway.gate.credentials.current.policy),
  })
  let step = await verification.next()
  while (!step.done) step = await verification.next()
  t.match(step.value, { documents: 2 })
  const signing = await loadSigningIdentity(certs)
  t.ok(signing!.key instanceof TokenKey, 'no key is in the file')

  // Both sides diagnose the token itself.
  const settings = { configuration: { certs } }
  const rows = [
    ...certificateChecks(() => new Date()),
    ...senderChecks({ readSettings: () => assert.fail(), to: undefined, now: () => new Date(), patience: 0 }),
  ].filter(({ id }) => id === 'seal.crt' || id === 'signing.crt')
  for (const { id, run } of rows) {
    const facts = settings as never
    t.match(await run(facts), { found: /SHA-256/ }, id)
    await writeFile(join(certs, id.replace('crt', 'key')), addressOf(token, 'other'))
    await t.rejects(run(facts), { code: 'configuration', command: /^pkcs11-tool .*--list-objects$/ }, id)
  }
})

t.test('each kind of key signs, with the algorithm of its kind', { skip }, async t => {
  const token = await makeToken('kinds')
  const kinds: readonly KeyKind[] = ['rsa-2048', 'ec-p384', 'ec-p521', 'ed25519']
  for (const [at, kind] of kinds.entries()) {
    const { privateKey, publicKey } = await keyKinds[kind]()
    const pem = join(folder, `${kind}.pem`)
    await writeFile(pem, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    importKey(token, kind, `0${at}`, pem)
    const key = keyAt(token, kind, kind)
    const found = await key.publicKey()
    t.ok(found.equals(publicKey), kind)
    // Throws for a value that does not verify.
    await signByToken(Buffer.from(kind), publicKey, key)
    if (kind === 'rsa-2048') {
      const value = await key.sign(Buffer.from(kind), { kind: 'rsa-pss', hash: 'sha384', saltLength: 48 })
      const pss = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 }
      t.ok(verify('sha384', Buffer.from(kind), pss, value), 'RSASSA-PSS')
    }
    key.end()
  }
})

t.test('a request and a renewal are for the key in the token, and no file takes its place', { skip }, async t => {
  const token = await makeToken('request')
  const certs = await makeCerts(t)
  await moveKey(token, certs, 'seal', '01')
  const before = new X509Certificate(await readFile(join(certs, 'seal.crt')))
  const out = join(certs, 'next')
  await rename(join(certs, 'seal.key'), join(certs, 'next.key'))
  const made = await makeCsr({ profile: 'seal', id: 'MINISTRY 2_SEG01', hosts: [], out })
  t.match(made, { isNewKey: false })
  const request = { certs, ca: 'ca', profile: 'seal', hosts: [], days: 30, now: new Date() } as const
  const { certificate } = await issueFiles({ ...request, csr: made.csr, out })
  t.ok(certificate.publicKey.equals(before.publicKey))
  const renewal = { certs, ca: 'ca', name: 'next', days: 30, now: new Date() }
  t.ok((await renewFiles({ ...renewal, newKey: false })).certificate.publicKey.equals(before.publicKey))
  const passphrase = Buffer.from('long enough')
  await t.rejects(renewFiles({ ...renewal, newKey: true, passphrase }), {
    code: 'configuration',
    detail: /make the next key there/,
  })
  t.match(await readFile(join(certs, 'next.key'), 'utf8'), /^pkcs11:/)
})

t.test('a wrong PIN is tried once, by no process again, until a right one was entered', { skip }, async t => {
  const token = await makeToken('pins')
  const pem = join(folder, 'pins.pem')
  const { privateKey } = await keyKinds['ec-p256']()
  await writeFile(pem, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  importKey(token, 'k', '01', pem)
  await writeFile(token.pin, '9999\n')
  const first = keyAt(token, 'k', 'first.key')
  t.match(await refusalOf(first), /first\.key .*refused the PIN \(CKR_PIN_INCORRECT\)/)
  t.match(await refusalOf(keyAt(token, 'k', 'second.key')), /a wrong PIN was entered last/, 'by another process')
  // After the pause, the same PIN is not even brought to the token.
  await eventually(t, () => refusalOf(first), /refused the PIN in /)
  await writeFile(token.pin, '1234\n')
  t.match(await refusalOf(keyAt(token, 'k', 'third.key')), /pkcs11-tool --login/, 'nor the right one')
  importKey(token, 'other', '02', pem)
  t.equal(await refusalOf(keyAt(token, 'k', 'fourth.key')), 'signed')
  await chmod(token.pin, 0o644)
  t.match(await refusalOf(keyAt(token, 'k', 'fifth.key')), /others may read or write .*pins\.pin/)
})

t.test('the start names what is wrong with the token, the key or the certificate', { skip }, async t => {
  const token = await makeToken('wrong')
  const certs = await makeCerts(t)
  await moveKey(token, certs, 'seal', '01')
  importKey(token, 'twice', '02', join(folder, 'pins.pem'))
  importKey(token, 'twice', '03', join(folder, 'pins.pem'))
  const right = addressOf(token, 'seal')
  const wrong: Readonly<Record<string, [from: string, to: string, detail: RegExp]>> = {
    'no such key': ['object=seal', 'object=other', /one private key with object=other in the token, found none/],
    'two such keys': ['object=seal', 'object=twice', /object=twice in the token, found more than one/],
    'another key': ['object=seal', 'id=%02', /is not the one of the certificate/],
    'no such token': ['token=wrong', 'token=right', /expected one token with token=right, found 0 among/],
    'no such module': [MODULE, '/usr/lib/none.so', /the module \/usr\/lib\/none\.so cannot be loaded/],
    'a PIN in the address': ['pin-source=', 'pin-value=1234&pin-source=', /expected pin-source=file/],
    'no PIN': [token.pin, '/nowhere/pin', /the PIN of the token cannot be read: \/nowhere\/pin/],
  }
  const settings = { certs, data: folder, config: join(certs, 'none.yaml') }
  await writeFile(settings.config, '')
  for (const [title, [from, to, detail]] of Object.entries(wrong)) {
    await writeFile(join(certs, 'seal.key'), right.replace(from, to))
    await t.rejects(loadCredentials(settings, new Date()), { code: 'configuration', detail }, title)
  }
  await writeFile(join(certs, 'seal.key'), right)
  t.ok(await loadCredentials(settings, new Date()))
  await writeFile(join(certs, 'receiver.key'), right)
  await t.rejects(loadCredentials(settings, new Date()), {
    code: 'configuration',
    detail: /which seal\.key and signing\.key alone may do/,
  })
})

t.test('without its token the receiver accepts nothing, and goes on when it is back', { skip }, async t => {
  const token = await makeToken('gone')
  const certs = await makeCerts(t)
  await moveKey(token, certs, 'seal', '01')
  const gateway = await receiver.openGateway(t, certs)
  const send = async (id: string) => post(gateway, await receiver.makeDocument(gateway, { id }))
  const first = await receiver.makeDocument(gateway)
  t.equal((await post(gateway, first)).status, 201)
  let time = 0
  const idle = new SealState(() => time)
  const readinessWith = async (sealing = gateway.gate.sealing) => {
    const readiness = watchReadiness({ ...gateway.gate, sealing })
    return readiness.look().finally(() => readiness.close())
  }
  t.match(await readinessWith(idle), { isReady: true })

  const killAll = () => tokenProcesses().map(pid => process.kill(pid, 'SIGKILL'))
  t.ok(killAll().length > 0)
  t.equal((await send('killed')).status, 201, 'a process that died is started once more')

  const away = join(folder, 'away')
  await mkdir(away)
  await useTokens(away)
  killAll()
  const answer = await send('away')
  t.equal(answer.status, 503)
  t.match(JSON.parse(answer.body.toString()), { code: 'seal-unavailable' })
  t.notMatch(answer.body.toString(), /softhsm|token/, 'the peer learns nothing of it')
  t.match(
    gateway.log.find(({ code }) => code === 'seal-unavailable'),
    { level: 50, msg: /seal\.key names a key in a token .*expected one token with token=gone/ },
  )
  t.equal(await gateway.gate.ledger.find(receiver.senderId, 'away'), undefined)
  const isMissing = { check: 'seal', ok: false, found: /expected one token with token=gone/ }
  t.match((await readinessWith()).checks[3], isMissing, 'no load balancer sends documents here')
  t.match((await readinessWith(idle)).checks[3], { ok: true }, 'each signature shows for a minute that the key signs')
  time = 60_000
  t.match((await readinessWith(idle)).checks[3], isMissing, 'then one is made, also without documents')
  await useTokens(token.files)
  await eventually(t, async () => (await readinessWith()).isReady, true)
  await eventually(t, async () => (await send('away')).status, 201)
  t.equal((await post(gateway, first)).status, 200, 'a replay gets the first receipt')
})
