// Revocation lists that a receiver fetches from an address: taken when they follow what was there,
// kept over restarts, and never waited for.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DEFAULT_TRUST, generate, loadTrust, loadTrustPolicy } from '@seg/pki'
import t, { type Test } from 'tap'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { fetchOctets } from '../../packages/receiver/src/credentials/fetch-octets.ts'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { followLists } from '../../packages/receiver/src/credentials/follow-lists.ts'
import { loadCredentials } from '../../packages/receiver/src/credentials/load-credentials.ts'
import { judgeLists } from '../../packages/receiver/src/diagnosis/judge-lists.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { call, connectRaw, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, makeFolder, openGateway, senderId } from '../../packages/receiver/src/testing/gateway.ts'

// Keys, and other programs, take their time on a busy machine.
t.setTimeout(600_000)

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A web server of the loopback whose answer the test chooses. */
async function openWeb(t: Test) {
  const web = { answer: (response: ServerResponse): void => void response.writeHead(404).end(), asked: 0 }
  const server: Server = createServer((_request, response) => {
    web.asked++
    web.answer(response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ca.crl`
  const serve = (octets: Buffer) => {
    web.answer = response => response.end(octets)
  }
  return Object.assign(web, { url, serve })
}

async function openFetching(t: Test) {
  const web = await openWeb(t)
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const config = join(gateway.data, 'seg.yaml')
  await writeFile(
    config,
    `trust:
  mode: listed
  authorities:
    gov:
      anchors: ${certs}/ca.crt
      revocation: { need: crl, crl: ["${web.url}"], refresh: 10m, grace: 1h }
partners:
  - id: ${senderId}
    certificates: [{ for: [tls, sign], authority: gov, subject: { CN: "${senderId}" } }]
`,
  )
  const lines: { msg: string; code?: string }[] = []
  const logger = openLoggerInto({ write: (line: string) => lines.push(JSON.parse(line)) })
  const settings = { certs, data: gateway.data, config }
  const following = followCredentials(settings, gateway.gate, logger)
  await following.look()
  const follow = () => followLists(settings, gateway.gate, logger, () => following.look())
  const lists = follow()
  t.teardown(async () => {
    await lists.close()
    await following.close()
  })
  await lists.look()
  const begin = Date.now()
  let elapsed = 0
  /** After a time: each minute one look, as if it had passed. */
  const pass = async (time: number, followed = lists) => {
    elapsed += time
    gateway.setTime(new Date(begin + elapsed))
    await followed.look()
    // One that was under way does not know the time yet.
    await followed.look()
  }
  const ask = async () => refusalOf(await call(gateway, { path: '/v1/log/checkpoint' }))
  const crl = (options: Partial<Parameters<typeof revoke>[0]> = {}) =>
    revoke({ certs, ca: 'ca', reason: 'keyCompromise', days: 7, now: new Date(), ...options }).then(() =>
      readFile(join(certs, 'ca.crl')),
    )
  return { web, certs, gateway, settings, following, lines, lists, follow, pass, ask, crl }
}

const good = '200 text/plain; charset=utf-8'

t.test(
  'until the first list is there, nobody is accepted and nobody waits; a revocation ends open connections',
  async t => {
    const { web, gateway, lines, pass, ask, crl } = await openFetching(t)
    t.equal(await ask(), '503 revocation-unknown')
    t.match(lines.at(-1), { code: 'revocation-unreachable', msg: /expected the status 200, found 404; again in 60 s/ })
    web.serve(await crl())
    await pass(MINUTE)
    t.equal(await ask(), good)
    t.ok(lines.some(({ msg }) => /^a revocation list of .* is there: number 2, 0 entries/.test(msg)))
    const asked = web.asked
    await pass(9 * MINUTE)
    t.equal(web.asked, asked, 'not before it is due')

    const idle = await connectRaw(t, gateway)
    web.serve(await crl({ target: gateway.sender.certificate }))
    await pass(2 * MINUTE)
    await idle.closed
    t.equal(await ask(), '403 certificate-revoked')
  },
)

t.test('a list never goes back, also after a restart, and what is no list of the CA is not taken', async t => {
  const { web, certs, gateway, settings, lines, follow, pass, ask, crl } = await openFetching(t)
  const older = await crl()
  web.serve(await crl({ target: gateway.sender.certificate }))
  await pass(MINUTE)
  t.equal(await ask(), '403 certificate-revoked')
  web.serve(older)
  await pass(10 * MINUTE)
  t.match(lines.at(-1), { code: 'crl-older', msg: /expected the number 3 or one after it, found 2/ })
  t.equal(await ask(), '403 certificate-revoked')

  const restarted = await loadCredentials(settings, gateway.gate.now())
  t.match(restarted.policy.crls, [{ number: 3n, count: 1 }])
  gateway.gate.credentials.replace(restarted)
  const lists = follow()
  await lists.look()
  t.match(lines.at(-1), { code: 'crl-older' })
  for (const other of [Buffer.from('no list'), await readFile(join(await makeCerts(t), 'ca.crl'))]) {
    web.serve(other)
    await pass(10 * MINUTE, lists)
    t.match(lines.at(-1), { code: 'crl-invalid' })
  }
  await lists.close()
  t.equal(await ask(), '403 certificate-revoked')
  t.match(await loadCredentials(settings, gateway.gate.now()), { policy: { crls: [{ number: 3n }] } }, certs)
})

t.test('a list counts for the grace of its authority and no longer; tries become rarer', async t => {
  const { web, lines, pass, ask, crl } = await openFetching(t)
  web.serve(await crl({ days: 1 / 24 }))
  await pass(MINUTE)
  t.equal(await ask(), good)
  web.answer = response => response.destroy()
  await pass(90 * MINUTE)
  t.equal(await ask(), good, 'within the grace')
  await pass(HOUR)
  t.equal(await ask(), '503 revocation-unknown')
  const waits = lines.flatMap(({ msg }) => /again in (\d+) s/.exec(msg)?.[1] ?? [])
  t.same(waits.slice(-2), ['60', '120'])
  web.serve(await crl())
  await pass(10 * MINUTE)
  t.equal(await ask(), good)
})

t.test('the copy of another CA, or a damaged one, counts as none, and the next fetch replaces it', async t => {
  const { web, gateway, following, follow, pass, ask, crl, lists } = await openFetching(t)
  const list = await crl()
  web.serve(list)
  await pass(MINUTE)
  await lists.close()
  const folder = join(gateway.data, 'revocation')
  const [name = ''] = await readdir(folder)
  await writeFile(join(folder, name), 'damaged')
  await following.look()
  t.equal(await ask(), '503 revocation-unknown')
  const again = follow()
  await again.look()
  await again.close()
  t.equal(await ask(), good)
  t.same(await readFile(join(folder, name)), list)
})

t.test('diagnose judges each of several lists in one file by its own dates', async t => {
  const certs = await makeFolder(t)
  await generate({ out: certs, key: 'ec-p256', hasIntermediate: true })
  const now = new Date()
  await revoke({ certs, ca: 'root', reason: 'unspecified', days: 1, now })
  const [own, root] = await Promise.all(['ca.crl', 'root.crl'].map(name => readFile(join(certs, name))))
  await writeFile(join(certs, 'ca.crl'), Buffer.concat([own!, root!]))
  const place = { certs, file: join(certs, 'seg.yaml'), fetched: certs }
  const policy = await loadTrustPolicy(DEFAULT_TRUST, await loadTrust(certs), place)
  t.same(judgeLists(policy, DEFAULT_TRUST, place, now.getTime()), [])
  const later = now.getTime() + 48 * HOUR
  t.match(judgeLists(policy, DEFAULT_TRUST, place, later), [
    { cause: /ca\.crl, the list of .*root CA.* is out of date/ },
  ])
})

t.test(
  'a fetch is bounded: no redirection, no other encoding, no more octets and no more time than allowed',
  async t => {
    const web = await openWeb(t)
    const other = await openWeb(t)
    const fetched = (time = 5000) => {
      const { signal } = new AbortController()
      return fetchOctets({ url: web.url, most: 1000, time, signal })
    }
    const refused = (detail: RegExp, time?: number) =>
      t.rejects(fetched(time), { code: 'revocation-unreachable', detail })
    web.serve(Buffer.alloc(1000))
    t.equal((await fetched()).length, 1000)
    web.serve(Buffer.alloc(1001))
    await refused(/expected at most 1000 octets/)
    web.answer = response => response.writeHead(302, { location: other.url }).end()
    await refused(/expected the status 200, found 302/)
    t.equal(other.asked, 0)
    web.answer = response => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
    await refused(/expected no content encoding, found "gzip"/)
    web.answer = response => {
      response.writeHead(200, { 'content-length': 100 }).write('x')
      setImmediate(() => response.destroy())
    }
    await refused(/aborted|cut off|hang up|reset/)
    web.answer = response => void response.writeHead(200).write('x')
    await refused(/no whole answer within 0\.3 seconds/, 300)
    const { signal } = new AbortController()
    const url = web.url.replace('http:', 'https:')
    await t.rejects(fetchOctets({ url, most: 1000, time: 5000, signal }), { code: 'revocation-unreachable' })
  },
)
