// What operators decide of dead letters and deliveries, by API and by command, and what a receiver
// then does.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runInProcess } from '@seg/core/testing'
import { until } from '@seg/core/testing/until'
import { type Ledger, openOutbox } from '@seg/ledger'
import { type Fact, openDesk } from '@seg/operators'
import { type Answer, openListener } from '@seg/operators/testing'
import { loadIdentity } from '@seg/pki'
import t, { type Test } from 'tap'
import { retryLetters } from '../hand-off/retry-letters.ts'
import { loadWebhook, WebhookLanes } from '../hand-off/webhook.ts'
import { program } from '../main.ts'
import { makeCerts, makeFolder, openTestLedger, someChain } from '../testing/gateway.ts'

const certs = await makeCerts(t)
const secret = join(certs, 'webhook.secret')
await writeFile(secret, randomBytes(32), { mode: 0o600 })

/** Accepts a document, and gives it up as the webhook's lane does. Returns its index. */
async function giveUp(ledger: Ledger, sender: string, id: string): Promise<number> {
  const octets = Buffer.from(`${sender} ${id}`)
  const digest = createHash('sha256').update(octets).digest()
  const content = ledger.stage()
  await content.write(octets)
  const at = new Date().toISOString()
  const facts = { sender, id, acceptedAt: at, bytes: octets.length, sha256: digest.toString('hex') }
  const offered = { ...facts, referenceDigest: digest.toString('base64'), chain: someChain }
  const { index } = await ledger.accept(offered, content)
  await ledger.giveUp(`webhook ${sender}`, index, at, 'HTTP status 422')
  return index
}

/** An endpoint that answers with the given status, and what was posted to it. */
async function startEndpoint(t: Test, status: () => number) {
  const { certificatePem, keyPem } = await loadIdentity(certs, 'receiver')
  const posted: string[] = []
  const server = createServer({ cert: certificatePem, key: keyPem }, async (request, response) => {
    posted.push(Buffer.concat(await request.toArray()).toString())
    response.writeHead(status()).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { posted, url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`) }
}

async function openLetters(t: Test, data: string, status: () => number) {
  const ledger = await openTestLedger(certs, data)
  t.teardown(() => ledger.close())
  const { posted, url } = await startEndpoint(t, status)
  const facts: Fact[] = []
  const lines: string[] = []
  const logger = { error: (line: string) => void lines.push(line) }
  const note = (fact: Fact) => void facts.push(fact)
  const edge = { now: () => new Date(), elapsed: () => performance.now(), random: () => 0, note }
  const webhook = await loadWebhook({ url, secret, ca: join(certs, 'ca.crt') })
  const lanes = new WebhookLanes(webhook, ledger, logger as never, edge)
  const handOff = { target: 'webhook', tryAgain: lanes.tryAgain.bind(lanes) }
  const startRetries = () => {
    const retrying = retryLetters(data, [handOff], { ledger, logger: logger as never, edge })
    t.teardown(() => retrying.close())
  }
  return { ledger, posted, facts, lines, startRetries }
}

t.test('dead letters are tried again or discarded, once each, with records, and never more than were seen', async t => {
  const data = await makeFolder(t)
  let status = 422
  const { ledger, posted, facts, lines, startRetries } = await openLetters(t, data, () => status)
  const a1 = await giveUp(ledger, 'A', 'one')
  const a2 = await giveUp(ledger, 'A', 'two')
  const b1 = await giveUp(ledger, 'B', 'one')
  const listener = await openListener(t, certs, { data })
  const [viewer, operator] = [listener.keyOf('viewer'), listener.keyOf('operator')]
  const get = async (path: string) => (await listener.ask('GET', `/api/v1/dead-letters${path}`, viewer)).json
  const act = (path: string, body: object) =>
    listener.ask('POST', `/api/v1/dead-letters/${path}`, operator, JSON.stringify(body))
  const statesOf = async () => (await get('')).data.map((row: { state: string }) => row.state)

  const allowed = [
    { name: 'retry', isAllowed: true, why: null },
    { name: 'discard', isAllowed: true },
  ]
  const denied = { isAllowed: false, why: 'the role viewer may not' }
  t.match((await get('')).data, [{ index: b1 }, { index: a2 }, { index: a1, state: 'open', acts: [denied, denied] }])
  t.match((await listener.ask('GET', '/api/v1/dead-letters', operator)).json.data[0].acts, allowed)
  const dry = await act(`${a1}/retry?dryRun=true`, { why: 'repaired' })
  t.match(dry, { status: 200, json: { isDryRun: true, data: [{ state: 'open' }] } })
  t.same([listener.records(), await statesOf()], [[], ['open', 'open', 'open']], 'a dry run leaves nothing')

  await act(`${a1}/retry`, { why: 'repaired' })
  t.match(await act(`${a1}/retry`, { why: 'again' }), { status: 409, json: { code: 'act-impossible' } })
  startRetries()
  await until(async () => (await get('?state=retrying')).data.length === 0)
  t.match((await get('?partner=A')).data, [
    { index: a2, retries: 0 },
    { index: a1, state: 'open', retries: 1, retryReason: 'HTTP status 422', decidedBy: 'key operator' },
  ])
  t.match(lines, [/does not take the dead letter \d+ either: HTTP status 422/])
  status = 204
  t.match(await act(`${a1}/retry`, { why: 'repaired now' }), { json: { data: [{ state: 'retrying' }] } })
  await until(async () => (await get('?state=taken')).data.length === 1)
  t.same(posted, ['A one', 'A one'])
  t.match(facts, [
    { kind: 'hand-off', outcome: 'given-up', partner: 'A', document: 'one' },
    { outcome: 'taken', tries: 2, bytes: 5 },
  ])

  const all = { filter: { partner: 'A' }, why: 'endpoint is back' }
  const wrong = await act('retry', { ...all, expect: 2 })
  t.match(wrong, { status: 409, json: { code: 'count-changed', detail: /expected 2 .*found 1; nothing was done/ } })
  t.match(await get('/count?state=open&partner=A'), { count: 1, isExact: true })
  t.match((await act('retry?dryRun=true', { ...all, expect: 1 })).json, { count: 1, isDryRun: true })
  t.match((await act('retry', { ...all, expect: 1 })).json, { count: 1, isDryRun: false })
  await until(async () => (await get('?state=taken')).data.length === 2)
  t.same(posted.slice(2), ['A two'], 'and not that of B')

  t.match((await act(`${b1}/discard`, { why: 'sent by hand' })).json, { data: [{ state: 'discarded' }] })
  t.match(await act(`${b1}/discard`, { why: 'x' }), { status: 409, json: { code: 'act-impossible' } })
  t.equal((await act('999999/discard', { why: 'x' })).status, 404)
  t.same(await statesOf(), ['discarded', 'taken', 'taken'])
  t.equal((await Array.fromAsync(ledger.deadLetters())).length, 3, 'the ledger keeps them all')
  const records = listener.records().map(({ action, outcome, reason }) => `${action} ${outcome} ${reason?.code ?? ''}`)
  t.match(records.slice(-6), [
    'delivery.dead-letter-discarded pending ',
    'delivery.dead-letter-discarded success ',
    'delivery.dead-letter-discarded pending ',
    'delivery.dead-letter-discarded failure act-impossible',
    'delivery.dead-letter-discarded pending ',
    'delivery.dead-letter-discarded failure not-found',
  ])
  t.ok(records.includes('delivery.dead-letters-retried failure count-changed'))
  await t.test('filtered pages go forwards and back', async t => {
    const first = await get('?limit=1&partner=A')
    const second = (await listener.ask('GET', first.next, viewer)).json
    t.match([first.data, second.data], [[{ index: a2 }], [{ index: a1 }]])
    t.same((await listener.ask('GET', second.prev, viewer)).json.data, first.data)
    t.equal(second.next, null)
  })
})

t.test('commands decide of dead letters, all that are named or none, with a reason', async t => {
  const data = await makeFolder(t)
  const ledger = await openTestLedger(certs, data)
  const [one, two] = [await giveUp(ledger, 'A', 'one'), await giveUp(ledger, 'A', 'two')]
  await ledger.close()
  const run = (...args: string[]) => runInProcess(program, ['dead-letters', ...args, '--data', data, '--json'])
  const list = async () => JSON.parse((await run()).stdout.toString()).deadLetters
  t.equal((await run('discard', `${one}`)).exitCode, 2, 'without a reason')
  t.match(await run('discard', `${one}`, '4711', '--why', 'x'), { exitCode: 5, stdout: /not-found/ })
  t.match(await list(), [{ state: 'open' }, { state: 'open' }])
  t.equal((await run('retry', `${one}`, `${two}`, '--why', 'repaired')).exitCode, 0)
  t.equal((await run('discard', `${two}`, '--why', 'sent by hand')).exitCode, 0)
  t.match(await list(), [{ state: 'retrying' }, { state: 'discarded' }])
  t.match(await run('retry', 'one', '--why', 'x'), { exitCode: 2, stdout: /expected the index/ })
})

t.test('deliveries are tried at once, queued again or cancelled, as the outbox allows', async t => {
  const [data, folder] = [await makeFolder(t), await makeFolder(t)]
  const outbox = await openOutbox(folder)
  t.teardown(() => outbox.close())
  const queue = async (id: string, queuedAt = Date.now()) => {
    const document = { path: `${id}.xml`, bytes: 1, sha256: '00', id, receiverId: 'R', own: undefined }
    const asked = { delivery: id, receiver: 'https://r.example', file: id, document, queuedAt }
    return (await outbox.queue({ ...asked, expiresAt: queuedAt + 3_600_000 })).entry.number
  }
  const [one, two, three] = [await queue('one'), await queue('two'), await queue('three')]
  const ledger = await openTestLedger(certs, data)
  const desk = openDesk({ folder: data, retention: { days: 90, bytes: 2 ** 30 }, outbox: folder }, () => {})
  t.teardown(async () => {
    await desk.close()
    await ledger.close()
  })
  const listener = await openListener(t, certs, { data, outbox: folder })
  const operator = listener.keyOf('operator')
  const get = (path: string): Promise<Answer> => listener.ask('GET', `/api/v1/deliveries/${path}`, operator)
  const act = (path: string, body: object) =>
    listener.ask('POST', `/api/v1/deliveries/${path}`, operator, JSON.stringify(body))

  t.match(await get(`${one}`), {
    json: {
      state: 'queued',
      acts: [
        { name: 'retry', isAllowed: true },
        { name: 'cancel', isAllowed: true },
      ],
    },
  })
  t.match(await act(`${one}/cancel?dryRun=true`, { why: 'x' }), { json: { state: 'queued' } })
  t.match(await act(`${one}/cancel`, { why: 'wrong file' }), { json: { state: 'cancelled' } })
  t.match(await act(`${one}/cancel`, { why: 'again' }), { status: 409, json: { code: 'act-impossible' } })
  t.match((await get(`${one}`)).json.acts, [{ isAllowed: true }, { isAllowed: false, why: 'it is cancelled' }])
  const again = await act(`${one}/retry`, { why: 'right after all' })
  t.match(again.json, { entry: 4, state: 'queued' })
  t.equal(Date.parse(again.json.expiresAt) - Date.parse(again.json.queuedAt), 3_600_000, 'with as much time as before')
  t.match(await act(`${one}/retry`, { why: 'twice' }), { status: 409, json: { code: 'act-impossible' } })
  t.match([(await get('99')).status, (await act('99/retry', { why: 'x' })).status], [404, 404])

  for (const number of [two, three]) await outbox.cancel(number, Date.now())
  await until(async () => (await get('count?state=cancelled')).json?.count === 2)
  const bulk = { filter: { state: 'cancelled', receiver: 'https://r.example' }, why: 'all of them' }
  t.match(await act('retry', { ...bulk, expect: 3 }), { status: 409, json: { code: 'count-changed' } })
  t.match((await act('retry?dryRun=true', { ...bulk, expect: 2 })).json, { count: 2, failed: [], isDryRun: true })
  t.match((await act('retry', { ...bulk, expect: 2 })).json, { count: 2, failed: [], isDryRun: false })
  const queued = (await Array.fromAsync(outbox.list(['queued']))).map(({ document }) => document.id)
  t.same(queued.sort(), ['one', 'three', 'two'])
  const { data: waiting } = await until(
    async () => (await listener.ask('GET', '/api/v1/receivers', operator)).json,
    json => json.data?.[0]?.queued === 3,
  )
  t.match(waiting, [{ receiver: 'https://r.example', queued: 3, since: /^\d{4}-.*Z$/ }])
  t.equal(waiting.length, 1)
  t.match((await act('retry', { ...bulk, expect: 2 })).status, 409, 'those have been queued again')
  const without = await openListener(t, certs)
  t.match(await without.ask('GET', '/api/v1/deliveries/1', without.keyOf('viewer')), {
    json: { code: 'not-found' },
  })
})
