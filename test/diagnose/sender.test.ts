// `sender diagnose`: what is wrong here, and what is wrong at a receiver, by its cause and with the
// command that fixes it. One receiver serves all cases that need one.
import { once } from 'node:events'
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createPlainServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import { diagnose } from '../../packages/core/src/diagnosis.ts'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { signings } from '../../packages/pki/src/testing/odd-certificate.ts'
import { openGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { senderChecks } from '../../packages/sender/src/diagnosis/sender-checks.ts'
import { runCommand, startReceiver } from '../support/commands.ts'
import {
  checkFirst,
  copyCerts,
  DAY,
  type Expected,
  makeCerts,
  makeFolder,
  reissue,
  revokeOwn,
  runAdvised,
} from './broken.ts'

t.jobs = 4

const right = await makeCerts(t)
const others = await makeCerts(t)
const suspended = 'MINISTRY 9_SEG01'
const config = join(right, '..', 'seg.yaml')
await writeFile(config, `partners: [{ id: ${suspended}, state: suspended }]\n`)
const receiver = await startReceiver(t, ['--certs', right, '--data', join(right, '..', 'data'), '--config', config])

type SetUp = {
  readonly certs: string
  readonly data: string
  readonly config?: string
  to: URL | undefined
  now: () => Date
  patience: number
}
type Case = Expected & { readonly title: string; readonly break: (setUp: SetUp, t: Test) => Promise<unknown> }

const inCerts = (name: string) => (setUp: SetUp) => join(setUp.certs, name)
const remove = (name: string) => (setUp: SetUp) => rm(inCerts(name)(setUp))
const odd = (options: Parameters<typeof reissue>[2]) => (setUp: SetUp) => reissue(setUp.certs, 'sender', options)

async function listen(t: Test, server: Server): Promise<URL> {
  server.on('error', () => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

/** A TLS server that shows `receiver.crt` of these certificates. */
async function serve(t: Test, certs: string, options: TlsOptions = {}): Promise<URL> {
  const [cert, key] = await Promise.all(['crt', 'key'].map(end => readFile(join(certs, `receiver.${end}`))))
  const server = createTlsServer({ cert, key, ...options }, socket => socket.on('error', () => {}))
  return listen(
    t,
    server.on('tlsClientError', () => {}),
  )
}

/** A server whose certificate is one that the CA of `right` issued, with one thing wrong. */
const shows = (options: Parameters<typeof reissue>[2]) => async (setUp: SetUp, t: Test) => {
  const certs = await copyCerts(t, right)
  await reissue(certs, 'receiver', options)
  setUp.to = await serve(t, certs)
}

const cases: readonly Case[] = [
  {
    title: 'sender.crt missing',
    break: remove('sender.crt'),
    id: 'sender.crt',
    cause: /sender\.crt is missing/,
    command: /pki issue --certs .* --profile sender /,
  },
  {
    title: 'the key of another certificate',
    isEnough: true,
    break: setUp => copyFile(inCerts('seal.key')(setUp), inCerts('sender.key')(setUp)),
    id: 'sender.crt',
    cause: /sender\.key is not the key of sender\.crt/,
    command: /pki renew sender --new-key --certs /,
  },
  {
    title: 'a sender that expired',
    isEnough: true,
    break: odd({ from: -20, to: -10 }),
    id: 'sender.crt in use',
    cause: /is valid from .* to .*; it is /,
    command: /pki renew sender --certs /,
  },
  {
    title: 'a sender that expires tomorrow',
    break: odd({ to: 0.9 }),
    id: 'sender.crt in use',
    status: 'warning',
    cause: /sender\.crt .* expires at .*, in 0 days/,
    command: /pki renew sender --certs /,
  },
  {
    title: 'a certificate for servers',
    break: odd({ profile: 'receiver' }),
    id: 'sender.crt in use',
    cause: /extended key usage.*expected 1\.3\.6\.1\.5\.5\.7\.3\.2/,
    command: /pki issue .* --profile sender --id 'MINISTRY 1_SEG01' --out /,
  },
  {
    title: 'a certificate without a purpose',
    break: odd({ withoutPurpose: true }),
    id: 'sender.crt in use',
    cause: /extended key usage/,
    command: /pki issue /,
  },
  {
    title: 'a certificate signed with SHA-1',
    break: odd({ signing: signings.ecdsaSha1 }),
    id: 'sender.crt in use',
    cause: /signature/,
    command: /pki issue /,
  },
  {
    title: 'a certificate of another CA',
    break: async setUp => {
      for (const name of ['sender.crt', 'sender.key']) await copyFile(join(others, name), inCerts(name)(setUp))
    },
    id: 'sender.crt in use',
    cause: /issuer: expected one issued by /,
    command: /pki issue /,
  },
  {
    title: 'ca.crt missing',
    break: remove('ca.crt'),
    id: 'ca.crt',
    cause: /ca\.crt is missing/,
    command: /^openssl x509 -in CA\.pem/,
  },
  {
    title: 'a sender that is revoked',
    isEnough: true,
    break: ({ certs }) => revokeOwn(certs, 'sender'),
    id: 'sender.crt in use',
    cause: /revoked/,
    command: /pki renew sender --new-key --certs /,
  },
  {
    title: 'a revocation list of another CA',
    break: setUp => copyFile(join(others, 'ca.crl'), inCerts('ca.crl')(setUp)),
    id: 'ca.crt',
    cause: /ca\.crl: /,
    command: /^openssl crl -in .*ca\.crl /,
  },
  {
    title: 'a revocation list that is out of date',
    break: ({ certs }) =>
      revoke({ certs, ca: 'ca', reason: 'unspecified', days: 1, now: new Date(Date.now() - 3 * DAY) }),
    id: 'ca.crt',
    status: 'warning',
    cause: /ca\.crl is out of date: expected a list in date at /,
    command: /^openssl crl -in .*ca\.crl /,
  },
  {
    title: 'log.pub missing',
    break: remove('log.pub'),
    id: 'log.pub',
    cause: /log\.pub is missing/,
    command: /^cp RECEIVERS_LOG\.pub .*log\.pub$/,
  },
  {
    title: 'a line of log.pub that is no key',
    break: setUp => writeFile(inCerts('log.pub')(setUp), 'MINISTRY\n'),
    id: 'log.pub',
    cause: /expected the key of a log as name\+hash\+base64.*found "MINISTRY"/,
    command: /^cp RECEIVERS_LOG\.pub /,
  },
  {
    title: "a receiver's data folder",
    break: async setUp => Object.assign(setUp, { data: receiver.ready.data }),
    id: 'data',
    cause: /is the data folder of a "receiver", expected that of a sender/,
    command: /^ls -ld /,
  },
  {
    title: 'nothing listens',
    break: async (setUp, t) => {
      const server = createPlainServer()
      setUp.to = await listen(t, server)
      server.close()
    },
    id: 'connection',
    cause: /^127\.0\.0\.1:\d+: nothing listens there/,
    command: /^nc -vz 127\.0\.0\.1 \d+$/,
  },
  {
    title: 'a name that nobody has',
    break: async setUp => {
      setUp.to = new URL('https://receiver.invalid:8443')
    },
    id: 'name',
    cause: /the name "receiver\.invalid" cannot be resolved/,
    command: /^getent hosts receiver\.invalid$/,
  },
  {
    title: 'plain HTTP',
    break: async (setUp, t) => {
      setUp.to = await listen(
        t,
        createHttpServer((_request, response) => response.end()),
      )
    },
    id: 'tls',
    cause: /speaks plain HTTP: expected TLS 1\.3/,
    command: /^curl -sI http:\/\/127/,
  },
  {
    title: 'TLS 1.2 at the most',
    break: async (setUp, t) => {
      setUp.to = await serve(t, right, { maxVersion: 'TLSv1.2' })
    },
    id: 'tls',
    cause: /does not speak TLS 1\.3: expected it/,
    command: /^openssl s_client -connect 127\.0\.0\.1:\d+ -tls1_3/,
  },
  {
    title: 'a server that says nothing',
    break: async (setUp, t) => {
      const server = createPlainServer(socket => t.teardown(() => socket.destroy()))
      setUp.to = await listen(t, server)
      setUp.patience = 300
    },
    id: 'tls',
    cause: /in the TLS handshake: no answer in time/,
    command: /^openssl s_client /,
  },
  {
    title: 'a server of another CA',
    break: async (setUp, t) => {
      setUp.to = await serve(t, others)
    },
    id: 'server',
    cause: /issuer|issued by|path to/,
    command: /^openssl s_client -connect .* -showcerts/,
  },
  {
    title: 'a server that expired',
    break: shows({ from: -20, to: -10 }),
    id: 'server',
    cause: /out of date|expired|valid/,
    command: /-showcerts/,
  },
  {
    title: "a server with a sender's certificate",
    break: shows({ profile: 'sender' }),
    id: 'server',
    cause: /extended ?key ?usage/i,
    command: /-showcerts/,
  },
  {
    title: 'a server for other hosts',
    break: shows({ hosts: ['gateway.example'] }),
    id: 'server',
    cause: /the server's certificate is for other hosts: expected "127\.0\.0\.1", found "DNS:gateway\.example"/,
    command: /sender diagnose --to https:\/\/gateway\.example:\d+$/,
  },
  {
    title: 'pki gen run again here: the receiver does not know our CA',
    break: async setUp => {
      for (const name of ['sender.crt', 'sender.key']) await copyFile(join(others, name), inCerts(name)(setUp))
      const both = await Promise.all([right, others].map(certs => readFile(join(certs, 'ca.crt'))))
      await writeFile(inCerts('ca.crt')(setUp), Buffer.concat(both))
    },
    id: 'answer',
    cause: /ends the connection once it sees sender\.crt: expected that it relies on its issuer/,
    command: /pki inspect .*ca\.crt$/,
  },
  {
    title: 'a partner that is suspended there',
    break: odd({ subject: suspended }),
    id: 'our certificate there',
    cause: /refuses us with 403 partner-suspended: The partner is suspended at this gateway\./,
    command: /pki inspect .*sender\.crt$/,
  },
  {
    title: 'clocks ten minutes apart',
    break: async setUp => {
      setUp.now = () => new Date(Date.now() + 600_000)
    },
    id: 'clocks',
    cause: /our clock says .*, the receiver's .*, (59|6\d)\d s behind; expected at most 300 s/,
    command: /^timedatectl$/,
  },
  {
    title: 'clocks two minutes apart',
    break: async setUp => {
      setUp.now = () => new Date(Date.now() - 120_000)
    },
    id: 'clocks',
    status: 'warning',
    cause: /1[12]\d s ahead; expected at most 60 s/,
    command: /^timedatectl$/,
  },
  {
    title: "log.pub of another receiver's log",
    break: async setUp => {
      const line = await readFile(join(others, 'log.pub'), 'utf8')
      await writeFile(inCerts('log.pub')(setUp), line)
    },
    id: 'log',
    cause: /the checkpoint has no signature with the key of/,
    command: /^cat RECEIVERS_LOG\.pub >> .*log\.pub$/,
  },
  {
    title: 'log.pub without a key',
    break: setUp => writeFile(inCerts('log.pub')(setUp), '\n'),
    id: 'log',
    cause: /log\.pub has no key of the log "MINISTRY%202_SEG01": expected its line, found 0 of others/,
    command: /^cat RECEIVERS_LOG\.pub >> /,
  },
]

async function setUpRight(t: Test): Promise<SetUp> {
  const certs = await copyCerts(t, right)
  const data = join(await makeFolder(t), 'data')
  return { certs, data, to: receiver.url, now: () => new Date(), patience: 10_000 }
}

const diagnoseSender = (setUp: SetUp) => diagnose(senderChecks({ ...setUp, readSettings: () => setUp }))

t.test('a sender and a receiver that are right have nothing wrong', async t => {
  const results = await diagnoseSender(await setUpRight(t))
  t.same(
    results.filter(({ status }) => status !== 'ok'),
    [],
  )
  t.match(
    results.find(({ id }) => id === 'tls'),
    { found: /^TLSv1\.3, key agreement X25519MLKEM768$/ },
  )
})

t.test('a receiver with CAs of its own is judged by these, as a delivery to it is', async t => {
  const [setUp, theirs] = [await setUpRight(t), await copyCerts(t, others)]
  const [ours, their] = await Promise.all([right, others].map(folder => readFile(join(folder, 'ca.crt'), 'utf8')))
  await writeFile(join(theirs, 'ca.crt'), `${ours}${their}`)
  const gateway = await openGateway(t, theirs)
  await copyFile(join(others, 'log.pub'), inCerts('log.pub')(setUp))
  await copyFile(join(others, 'ca.crt'), join(setUp.certs, 'theirs.crt'))
  const file = join(setUp.certs, 'seg.yaml')
  const record = (trust: string) =>
    writeFile(file, `receivers: [{ id: MINISTRY 2_SEG01, url: "${gateway.url}", trust: ${trust} }]\n`)
  await record('{ anchors: theirs.crt }')
  const run = (config?: string) => diagnoseSender({ ...setUp, to: new URL(gateway.url), ...(config && { config }) })
  t.same(
    (await run(file)).filter(({ status }) => status !== 'ok'),
    [],
  )
  checkFirst(t, await run(), { id: 'server', cause: /ca\.crt/, command: /^openssl s_client / })
  await record('{ anchors: none.crt }')
  checkFirst(t, await run(file), {
    id: 'receivers',
    cause: /none\.crt/,
    command: /^pnpm --filter sender receivers list --config \S+seg\.yaml$/,
  })
})

t.test('an empty data folder stays empty', async t => {
  const data = await makeFolder(t)
  const results = await diagnoseSender({ ...(await setUpRight(t)), data, to: undefined })
  t.match(
    results.find(({ id }) => id === 'data'),
    { status: 'ok' },
  )
  t.same(await readdir(data), [])
})

for (const one of cases) {
  t.test(`names the cause and the command: ${one.title}`, { buffered: true }, async t => {
    const setUp = await setUpRight(t)
    await one.break(setUp, t)
    const command = checkFirst(t, await diagnoseSender(setUp), one)
    if (one.isEnough === undefined) return
    await runAdvised(command)
    const left = (await diagnoseSender(setUp)).filter(({ status }) => status !== 'ok')
    t.same(left, [], `after ${command}`)
  })
}

t.test('what a server shows first is judged before our certificate goes out', async t => {
  const [cert, key] = await Promise.all(['crt', 'key'].map(end => readFile(join(others, `receiver.${end}`))))
  const server = createTlsServer({ cert, key, requestCert: true, rejectUnauthorized: false })
  const shown: string[] = []
  server.on('secureConnection', socket => {
    socket.on('error', () => {})
    shown.push(socket.getPeerX509Certificate()?.subject ?? 'none')
  })
  const setUp = { ...(await setUpRight(t)), to: await listen(t, server) }
  const handshake = once(server, 'secureConnection')
  checkFirst(t, await diagnoseSender(setUp), { id: 'server', cause: /./, command: /./ })
  await handshake
  t.same(shown, ['none'], 'one connection, without our certificate')
})

t.test('the first line of the command is the cause, and it ends with 5', async t => {
  const { certs, data } = await setUpRight(t)
  const diagnosing = (...args: string[]) =>
    runCommand('sender', ['diagnose', '--certs', certs, '--data', data, ...args])
  const good = await diagnosing('--to', receiver.url.origin, '--json')
  const { checks, ...summary } = JSON.parse(good.stdout.toString())
  t.same(
    checks.filter(({ status }: { status: string }) => status === 'failure'),
    [],
  )
  t.match({ ...good, summary }, { exitCode: 0, summary: { ok: true, failures: 0 } })
  await rm(join(certs, 'sender.key'))
  const found = await diagnosing()
  t.equal(found.exitCode, 5)
  t.match(found.stdout.toString().split('\n'), [/^FAILURE +sender\.crt: .*sender\.key is missing/, /^ +run: pnpm /])
})
