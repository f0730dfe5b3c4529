// Several connection processes before one ledger: what is acknowledged is durable whichever of them
// is killed, and what bounds a partner bounds it in all of them together.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eventually, until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { HELD_IN_MEMORY } from '../../packages/ledger/src/index.ts'
import { makePartner, openClient, senderId, signLetter } from '../support/client.ts'
import { type ReceiverProcess, runCommand, startReceiver } from '../support/commands.ts'
import { readStored } from '../support/stored.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-processes-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const partner = await makePartner(certs)

type Line = { readonly msg: string; readonly process?: number; readonly level: number }
type Started = ReceiverProcess & { readonly data: string; readonly lines: Line[] }

async function start(t: Test, data: string, ...settings: string[]): Promise<Started> {
  const args = ['--certs', certs, '--data', data, '--processes', '2', ...settings]
  const receiver = await startReceiver(t, args, { stderr: 'pipe' })
  const lines: Line[] = []
  createInterface(receiver.child.stderr!).on('line', line => lines.push(JSON.parse(line)))
  return { ...receiver, data, lines }
}

/** Process ids of those that have the connections. */
async function processesOf({ ready }: Started): Promise<number[]> {
  const children = await readFile(`/proc/${ready.pid}/task/${ready.pid}/children`, 'utf8')
  const pids = children.split(' ').filter(Boolean).map(Number)
  const commands = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return pids.filter((_, i) => commands[i]!.includes('connection-process'))
}

const numberOf = ({ process }: Line) => process

const isGone = (pid: number) => !existsSync(`/proc/${pid}`)

type Load = {
  /** Receipts by id. */
  readonly acknowledged: Map<string, Buffer>
  stop(): Promise<void>
}

/**
 * Documents on several connections until it is stopped, now and then one that is too large for
 * memory. One whose connection breaks is sent again until it is answered.
 */
function load({ url }: Started, prefix: string): Load {
  const acknowledged = new Map<string, Buffer>()
  let isStopped = false
  const post = async (lane: number) => {
    for (let n = 0; !isStopped; n++) {
      const id = `${prefix}.${lane}.${n}`
      const document = await signLetter(id, 'x'.repeat(n % 7 === 3 ? 2 * HELD_IN_MEMORY : 500), partner)
      while (!isStopped && !acknowledged.has(id)) {
        const client = openClient(url, partner)
        const answer = await client.post(document).catch(() => undefined)
        client.close()
        if (answer === undefined) continue
        if (answer.status !== 200 && answer.status !== 201) throw new Error(`${id}: ${answer.status} ${answer.body}`)
        acknowledged.set(id, answer.body)
      }
    }
  }
  const lanes = Promise.all([0, 1, 2, 3].map(post))
  return {
    acknowledged,
    async stop() {
      isStopped = true
      await lanes
    },
  }
}

async function checkStored(t: Test, data: string, acknowledged: ReadonlyMap<string, Buffer>): Promise<void> {
  const lost: string[] = []
  for (const [id, receipt] of acknowledged)
    if ((await readStored(data, senderId, id)).receipt?.equals(receipt) !== true) lost.push(id)
  t.same(lost, [], `${acknowledged.size} documents were acknowledged, and are stored with their receipts`)
  const { exitCode } = await runCommand('receiver', ['log', 'verify', '--data', data, '--certs', certs])
  t.equal(exitCode, 0, 'the log verifies')
}

t.test('a connection process that is killed loses nothing acknowledged, and is started again', async t => {
  const receiver = await start(t, join(folder, 'killed'))
  const { acknowledged, stop } = load(receiver, 'killed')
  const first = await processesOf(receiver)
  t.equal(first.length, 2)
  for (const pid of first)
    t.notMatch(await readFile(`/proc/${pid}/environ`, 'utf8'), /SEG_/, 'settings, and passphrases, are not theirs')
  for (const pid of first) {
    const before = acknowledged.size
    await until(() => acknowledged.size > before + 8)
    process.kill(pid, 'SIGKILL')
    await until(() => isGone(pid))
  }
  await until(() => receiver.lines.filter(({ msg }) => msg.endsWith(' runs again')).length === 2)
  const after = acknowledged.size
  await until(() => acknowledged.size > after + 4)
  await stop()
  t.same((await readdir(join(receiver.data, 'staging'))).length, 0, 'of their documents nothing stays in staging')
  t.equal(new Set([...first, ...(await processesOf(receiver))]).size, 4, 'others took their places')
  t.equal(await receiver.stop(), 0)
  await checkStored(t, receiver.data, acknowledged)
})

t.test('the end of the process with the ledger is the end of all, and a start goes on', async t => {
  const data = join(folder, 'ended')
  const receiver = await start(t, data)
  const { acknowledged, stop } = load(receiver, 'ended')
  await until(() => acknowledged.size > 8)
  const pids = await processesOf(receiver)
  await receiver.kill()
  for (const pid of pids) await until(() => isGone(pid))
  await stop()
  await checkStored(t, data, acknowledged)
  const next = await start(t, data)
  const client = openClient(next.url, partner)
  t.equal((await client.post(await signLetter('afterwards', 'x', partner))).status, 201)
  client.close()
  const ended = await processesOf(next)
  t.equal(await next.stop(), 0)
  t.ok(ended.every(isGone), 'a stop ends them, too')
})

/** One whose request has arrived, and whose document comes in until `end`. */
async function beginDocument({ url }: Started, document: Buffer) {
  const { identity, trust } = partner
  const tls = { ca: trust.caPem, cert: identity.certificatePem, key: identity.keyPem, agent: false } as const
  const headers = { 'content-type': 'application/xml', 'content-length': document.length, expect: '100-continue' }
  const outgoing = request(`${url.origin}/v1/documents`, { method: 'POST', headers, ...tls })
  outgoing.flushHeaders()
  const refused = once(outgoing, 'response').then(([{ statusCode }]) => {
    throw new Error(`the first answer is ${statusCode}`)
  })
  await Promise.race([once(outgoing, 'continue'), refused])
  refused.catch(() => {})
  outgoing.write(document.subarray(0, 100))
  return async () => {
    outgoing.end(document.subarray(100))
    const [{ statusCode }] = await once(outgoing, 'response')
    return statusCode as number
  }
}

/** The statuses of one document on each of many connections, which are many for each process. */
async function postOnMany({ url }: Started, name: string): Promise<number[]> {
  const clients = Array.from({ length: 8 }, () => openClient(url, partner))
  const statuses = await Promise.all(
    clients.map(async (client, i) => (await client.post(await signLetter(`${name}.${i}`, 'x', partner))).status),
  )
  for (const client of clients) client.close()
  return statuses
}

t.test('what bounds a partner bounds it in all processes, and its record counts in all', async t => {
  const config = join(folder, 'seg.yaml')
  const write = (state: string) =>
    writeFile(config, `partners:\n  - id: ${senderId}\n    state: ${state}\n    limits: { concurrency: 1 }\n`)
  await write('active')
  const receiver = await start(t, join(folder, 'bounds'), '--config', config)
  const end = await beginDocument(receiver, await signLetter('slow', 'x'.repeat(200), partner))
  const refusing = async () => {
    t.same(new Set(await postOnMany(receiver, 'early')), new Set([429]), 'each other is refused')
    return new Set(receiver.lines.filter(({ msg }) => msg.includes('rate-limit')).map(numberOf))
  }
  await eventually(t, refusing, new Set([1, 2]), 'while one comes in, both refuse another')
  t.equal(await end(), 201)
  await write('suspended')
  await eventually(t, async () => new Set(await postOnMany(receiver, 'late')), new Set([403]), 'both refuse it')
  await write('active')
  await eventually(t, async () => (await postOnMany(receiver, 'again')).includes(201), true, 'and take it again')
  t.equal(await receiver.stop(), 0)
})

t.test('a rate holds for all processes together', async t => {
  const receiver = await start(t, join(folder, 'rate'), '--rate-limit', '4')
  const begin = performance.now()
  const statuses = [...(await postOnMany(receiver, 'a')), ...(await postOnMany(receiver, 'b'))]
  const seconds = (performance.now() - begin) / 1000
  const accepted = statuses.filter(status => status === 201).length
  t.ok(accepted >= 4 && accepted <= 4 + 4 * seconds, `${accepted} in ${seconds} s`)
  t.same(
    statuses.filter(status => status !== 201 && status !== 429),
    [],
  )
  t.equal(await receiver.stop(), 0)
})
