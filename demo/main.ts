// The demo: one document from file to verified receipt over mutual TLS, and one forgery that does
// not get there.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  DemoStopped,
  type Ended,
  findPort,
  type RunningReceiver,
  readJson,
  root,
  runCommand,
  startReceiver,
} from './commands.ts'
import { showFacts, showLogLine, showStep, showText, showTitle } from './screen.ts'

const usage = 'usage: demo [--once] [--port NUMBER] [--certs DIR] [--data DIR]'

/** How often the demo looks for a fact that the desk will have. */
const LOOKS = 15

/** The folders and the address of the demo, and what its commands get of them. */
type Scene = {
  readonly certs: string
  readonly data: string
  readonly port: number
  readonly adminPort: number
  readonly url: string
}

type Delivery = {
  readonly id: string
  readonly senderId: string
  readonly receiverId: string
  readonly acceptedAt: string
  readonly sha256: string
  readonly receipt: string
  readonly document: string
  readonly tls: { readonly protocol: string; readonly cipher: string; readonly group: string }
}

async function runDemo(scene: Scene, stays: boolean): Promise<void> {
  showTitle('Secure Exchange Gateway: one document, from file to verified receipt')
  await showStep('making keys and certificates', () => makeCertificates(scene))
  let receiver: RunningReceiver | undefined
  try {
    await showStep('starting the receiver', async () => {
      const place = ['--port', String(scene.port), '--admin-port', String(scene.adminPort)]
      receiver = await startReceiver([...place, '--certs', scene.certs, ...receiverData(scene)])
      return `Receiver on ${scene.url}: TLS 1.3, client certificates required`
    })
    const delivery = await exchange(scene)
    showDelivery(scene, delivery)
    if (stays && receiver?.operators) await showConsole(scene, delivery)
    showNextSteps(scene, delivery, stays)
    if (stays && receiver) await keepRunning(receiver)
  } finally {
    await receiver?.stop()
  }
}

async function exchange(scene: Scene): Promise<Delivery> {
  let delivery: Delivery | undefined
  await showStep('sending sample_document.xml', async () => {
    delivery = await sendSample(scene)
    return 'sample_document.xml signed, delivered and stored; its receipt verifies'
  })
  const delivered = delivery as unknown as Delivery
  await showStep("comparing the receiver's copy", () => compareCopies(scene, delivered))
  await showStep('sending it again', () => sendAgain(scene, delivered))
  await showStep('sending a changed copy', () => sendForgery(scene))
  return delivered
}

async function makeCertificates({ certs }: Scene): Promise<string> {
  const place = show(certs)
  if (existsSync(join(certs, 'ca.crt'))) return `Keys and certificates found in ${place}`
  expectExit(0, await runCommand('pki', ['gen', '--out', certs]))
  return `A CA, and certificates for a sender, a receiver and its seal, in ${place}`
}

/** A fresh id each time, so that every run of the demo shows a delivery. */
async function sendSample(scene: Scene): Promise<Delivery> {
  const ended = await runCommand('sender', ['send', sample, '--id', 'auto', '--json', ...senderFlags(scene)])
  return readJson(expectExit(0, ended)) as Delivery
}

async function compareCopies(scene: Scene, { id, senderId, document }: Delivery): Promise<string> {
  const { stdout } = expectExit(
    0,
    await runCommand('receiver', ['documents', 'export', id, '--sender', senderId, ...receiverData(scene)]),
  )
  if (sha256(stdout) !== sha256(await readFile(document))) throw new DemoStopped('the copies differ')
  return "The receiver's copy is, byte for byte, what the sender signed"
}

async function sendAgain(scene: Scene, { id }: Delivery): Promise<string> {
  const ended = await runCommand('sender', ['send', sample, '--id', id, '--json', ...senderFlags(scene)])
  const { state } = readJson(expectExit(0, ended))
  if (state !== 'already-delivered')
    throw new DemoStopped(`expected an earlier delivery to be found, but it is ${state}`)
  return 'Sent again: the sender finds the earlier delivery, and there is no second record'
}

async function sendForgery(scene: Scene): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-demo-'))
  try {
    const file = join(folder, 'changed.xml')
    expectExit(0, await runCommand('sender', ['sign', sample, '--id', 'auto', '-o', file, '--certs', scene.certs]))
    await writeFile(file, (await readFile(file, 'utf8')).replace('Saturday', 'Sunday'))
    const ended = expectExit(3, await runCommand('sender', ['send', file, '--json', ...senderFlags(scene)]))
    const { code } = readJson(ended)
    if (code !== 'signature-digest') throw new DemoStopped(`expected the refusal signature-digest, but it is ${code}`)
    return `A signed copy with one word changed is refused: ${code}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function showDelivery(scene: Scene, delivery: Delivery): void {
  const { protocol, cipher, group } = delivery.tls
  showFacts("The receipt, signed with the receiver's seal", [
    ['document', delivery.id],
    ['from', delivery.senderId],
    ['to', delivery.receiverId],
    ['accepted', delivery.acceptedAt],
    ['sha-256', delivery.sha256],
    ['connection', `${protocol}, ${cipher}, ${group}${group.includes('MLKEM') ? ' (post-quantum)' : ''}`],
  ])
  showFacts('Where it lies', [
    ['sender', `${show(dirname(delivery.receipt))}/`],
    ['', `${basename(delivery.document)}  ${basename(delivery.receipt)}`],
    ['receiver', `${show(join(scene.data, 'receiver'))}/`],
  ])
}

/** Links of this receiver: the first one logs in. */
async function showConsole(scene: Scene, { id, senderId }: Delivery): Promise<void> {
  const show = await runCommand('receiver', [
    ...['documents', 'show', id, '--sender', senderId, '--json'],
    ...receiverData(scene),
  ])
  const { index } = readJson(expectExit(0, show))
  const refusal = await findRefusal(scene)
  const { url } = readJson(
    expectExit(0, await runCommand('receiver', ['console', 'login', '--json', ...receiverData(scene)])),
  )
  const { origin } = new URL(String(url))
  showFacts('The console, in a browser; it asks about the certificate, whose CA is certs/ca.crt', [
    ['the document', `${url}?to=/documents/in/${index}`],
    ['', 'logs in, once, within five minutes'],
    ...(refusal === undefined ? [] : [['the refusal', `${origin}/documents/refused/${refusal}`] as const]),
  ])
}

/** The desk takes facts in its own time. */
async function findRefusal(scene: Scene): Promise<string | undefined> {
  const list = ['facts', 'list', '--kind', 'refusal', '--limit', '1', '--json', ...receiverData(scene)]
  for (let tries = 0; tries < LOOKS; tries++) {
    const { facts } = readJson(await runCommand('receiver', list)) as { facts?: readonly { readonly id: string }[] }
    const [latest] = facts ?? []
    if (latest !== undefined) return latest.id
    await pause(200)
  }
  return undefined
}

function showNextSteps(scene: Scene, { id, document }: Delivery, stays: boolean): void {
  const to = !stays || scene.port === 8443 ? '' : ` --to ${scene.url}`
  const start = ['start it', 'pnpm --filter receiver start'] as const
  const senderCrt = show(join(scene.certs, 'sender.crt'))
  showFacts('Try next, in another terminal (npm install --global pnpm@12 puts pnpm on the PATH)', [
    ...(stays ? [] : [start]),
    ...(stays ? [] : [['see it', 'pnpm --filter receiver console login, and open the link'] as const]),
    ['send yours', `pnpm --filter sender send FILE.xml${to}`],
    ['read it', `pnpm --filter receiver documents export ${id}`],
    [
      'ask others',
      `xmlsec1 --verify --enabled-key-data key-name,rsa,ecdsa --pubkey-cert-pem ${senderCrt} ${show(document)}`,
    ],
    ['refusals', 'docs/faults.md: what each code means, and what to do'],
  ])
}

/** Until Ctrl-C, or until the receiver ends by itself. */
async function keepRunning(receiver: RunningReceiver): Promise<void> {
  showText('The receiver keeps running; what it logs follows. Ctrl-C ends it.')
  receiver.log.on('line', showLogLine)
  await new Promise<void>(done => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => done())
    receiver.child.once('exit', () => done())
  })
}

function expectExit(expected: number, ended: Ended): Ended {
  if (ended.exitCode === expected) return ended
  throw new DemoStopped(`expected exit code ${expected}, but it is ${ended.exitCode}:\n${ended.stdout}${ended.stderr}`)
}

function senderFlags({ certs, data, url }: Scene): string[] {
  return ['--certs', certs, '--data', join(data, 'sender'), '--to', url, '--timeout', '15']
}

function receiverData({ data }: Scene): string[] {
  return ['--data', join(data, 'receiver')]
}

function show(path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * The scene that the flags ask for, and whether the receiver stays; undefined when only help was
 * asked for. Throws DemoStopped.
 */
async function openScene(args: readonly string[]): Promise<{ scene: Scene; stays: boolean } | undefined> {
  const flags = readFlags(args)
  if (flags.help) return undefined
  const port = await findPort(Number(flags.port))
  const scene = {
    certs: resolve(root, flags.certs),
    data: resolve(root, flags.data),
    port,
    // The usual one; beside another receiver, any free one.
    adminPort: await findPort(port === 8443 ? 8444 : 0).catch(() => 0),
    url: `https://localhost:${port}`,
  }
  return { scene, stays: process.stdout.isTTY === true && !flags.once }
}

function readFlags(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const
  const text = (value: string) => ({ type: 'string', default: value }) as const
  try {
    const options = { once: flag, help: flag, port: text('8443'), certs: text('certs'), data: text('data') }
    const { values } = parseArgs({ args: [...args], options })
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65535)
      throw new TypeError(`'${values.port}' is not a port`)
    return values
  } catch (error) {
    throw new DemoStopped(`${(error as Error).message}\n${usage}`, 2)
  }
}

const sample = resolve(root, 'sample_document.xml')

try {
  const opened = await openScene(process.argv.slice(2))
  if (opened) await runDemo(opened.scene, opened.stays)
  else showText(usage)
} catch (error) {
  if (!(error instanceof DemoStopped)) throw error
  showText(error.message)
  process.exitCode = error.exitCode
}
