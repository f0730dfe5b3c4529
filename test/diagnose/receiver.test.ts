// `receiver diagnose`: each mistake is named by its cause, with the command that fixes it, as a
// start would say it.
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type CheckResult, diagnose } from '../../packages/core/src/diagnosis.ts'
import { openOutbox } from '../../packages/ledger/src/outbox/open-outbox.ts'
import { loadIdentity } from '../../packages/pki/src/identity.ts'
import { generate } from '../../packages/pki/src/issuing/generate.ts'
import { loadLogKey } from '../../packages/pki/src/log-key.ts'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { signings } from '../../packages/pki/src/testing/odd-certificate.ts'
import { receiverChecks } from '../../packages/receiver/src/diagnosis/receiver-checks.ts'
import { closeReceiverLedger, openReceiverLedger } from '../../packages/receiver/src/open-ledger.ts'
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
  writeKey,
} from './broken.ts'

t.jobs = 4

const right = await makeCerts(t)
const others = await makeCerts(t)

type SetUp = {
  readonly certs: string
  readonly data: string
  host: string
  port: number
  diskReserve: number | 'auto'
  adminPort: number | 'auto' | 'off'
  config: string
  now: () => Date
}
type Case = Expected & { readonly title: string; readonly break: (setUp: SetUp, t: Test) => Promise<unknown> }

const inCerts = (name: string) => (setUp: SetUp) => join(setUp.certs, name)
const remove = (name: string) => (setUp: SetUp) => rm(inCerts(name)(setUp))
const write = (name: string, text: string) => (setUp: SetUp) => writeFile(inCerts(name)(setUp), text)
const copy = (from: string, to: string) => (setUp: SetUp) => copyFile(inCerts(from)(setUp), inCerts(to)(setUp))
const odd =
  (...[name, options]: [name: 'receiver' | 'seal' | 'console', options?: Parameters<typeof reissue>[2]]) =>
  (setUp: SetUp) =>
    reissue(setUp.certs, name, options)
const configure = (text: string) => (setUp: SetUp) => writeFile(setUp.config, text)

async function encryptKey({ certs }: SetUp, passphrase?: string): Promise<void> {
  const path = join(certs, 'receiver.key')
  const key = createPrivateKey(await readFile(path))
  const form = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'right' } as const
  await writeFile(path, key.export(form), { mode: 0o600 })
  if (passphrase !== undefined) await writeFile(`${path}.passphrase`, passphrase, { mode: 0o600 })
}

async function holdLedger({ certs, data }: SetUp, now = () => new Date()) {
  const seal = await loadIdentity(certs, 'seal')
  return openReceiverLedger(data, seal, await loadLogKey(certs, seal.id), now)
}

async function keepLedger(setUp: SetUp, now?: () => Date): Promise<void> {
  await closeReceiverLedger(await holdLedger(setUp, now), now ?? (() => new Date()))
}

const cases: readonly Case[] = [
  {
    title: 'no certificates at all',
    isEnough: true,
    break: ({ certs }) => rm(certs, { recursive: true }),
    id: 'ca.crt',
    cause: /expected a folder of keys and certificates at .*, found nothing/,
    command: /pki gen --out /,
  },
  {
    title: 'ca.crt missing',
    break: remove('ca.crt'),
    id: 'ca.crt',
    cause: /ca\.crt is missing/,
    command: /^openssl x509 -in CA\.pem -out .*ca\.crt$/,
  },
  {
    title: 'a leaf in ca.crt',
    break: copy('seal.crt', 'ca.crt'),
    id: 'ca.crt',
    cause: /ca\.crt: .*CA/,
    command: /^openssl x509 -in CA\.pem/,
  },
  {
    title: 'nothing in ca.crt',
    break: write('ca.crt', ''),
    id: 'ca.crt',
    cause: /ca\.crt is not PEM .* no block of a certificate/,
    command: /^openssl x509 /,
  },
  {
    title: 'ca.crt that anybody may change',
    isEnough: true,
    break: setUp => chmod(inCerts('ca.crt')(setUp), 0o666),
    id: 'ca.crt',
    cause: /anybody may change .*ca\.crt/,
    command: /^chmod 644 .*ca\.crt$/,
  },
  {
    title: 'receiver.crt missing',
    break: remove('receiver.crt'),
    id: 'receiver.crt',
    cause: /receiver\.crt is missing/,
    command: /pki issue --certs .* --profile receiver /,
  },
  {
    title: 'receiver.crt missing, and the CA elsewhere',
    break: async setUp => {
      await remove('receiver.crt')(setUp)
      await remove('ca.key')(setUp)
    },
    id: 'receiver.crt',
    cause: /is missing/,
    command: /pki csr --profile receiver .* --host localhost --out .*certs\/receiver$/,
  },
  {
    title: 'receiver.key missing',
    break: remove('receiver.key'),
    id: 'receiver.crt',
    cause: /receiver\.key is missing/,
    command: /pki issue .*--out .*new-receiver$/,
  },
  {
    title: 'the key of another certificate',
    isEnough: true,
    break: copy('seal.key', 'receiver.key'),
    id: 'receiver.crt',
    cause: /receiver\.key is not the key of receiver\.crt/,
    command: /pki renew receiver --new-key --certs /,
  },
  {
    title: 'a key that others may read',
    isEnough: true,
    break: setUp => chmod(inCerts('receiver.key')(setUp), 0o644),
    id: 'receiver.crt',
    cause: /expected mode 0600, found 0644/,
    command: /^chmod 600 .*receiver\.key$/,
  },
  {
    title: 'a key in DER',
    break: async setUp => {
      const key = createPrivateKey(await readFile(inCerts('receiver.key')(setUp)))
      await writeFile(inCerts('receiver.key')(setUp), key.export({ format: 'der', type: 'pkcs8' }))
    },
    id: 'receiver.crt',
    cause: /receiver\.key is DER, expected PEM/,
    command: /openssl pkey -inform DER -in /,
  },
  {
    title: 'a certificate in DER',
    break: async setUp => {
      const { raw } = new X509Certificate(await readFile(inCerts('receiver.crt')(setUp)))
      await writeFile(inCerts('receiver.crt')(setUp), raw)
    },
    id: 'receiver.crt',
    cause: /receiver\.crt is DER, expected PEM/,
    command: /^openssl x509 -inform DER -in /,
  },
  {
    title: 'a key that is encrypted, without its passphrase',
    break: setUp => encryptKey(setUp),
    id: 'receiver.crt',
    cause: /receiver\.key is encrypted \(PKCS #8\)/,
    command: /umask 077; cat > \S+receiver\.key\.passphrase\)/,
  },
  {
    title: 'a key that is encrypted, with another passphrase',
    break: setUp => encryptKey(setUp, 'wrong'),
    id: 'receiver.crt',
    cause: /cannot be decrypted with the passphrase in /,
    command: /^openssl pkey -in .* -passin file:/,
  },
  {
    title: 'a key instead of a certificate',
    break: copy('receiver.key', 'receiver.crt'),
    id: 'receiver.crt',
    cause: /receiver\.crt is a private key, expected a certificate/,
    command: /pki issue /,
  },
  {
    title: 'a chain in receiver.crt',
    break: async setUp => {
      const both = await Promise.all(['receiver.crt', 'ca.crt'].map(name => readFile(inCerts(name)(setUp))))
      await writeFile(inCerts('receiver.crt')(setUp), Buffer.concat(both))
    },
    id: 'receiver.crt',
    cause: /holds 2 certificates, expected one/,
    command: /^openssl x509 -in .*receiver\.crt$/,
  },
  {
    title: 'a receiver that expired',
    isEnough: true,
    break: odd('receiver', { from: -20, to: -10 }),
    id: 'receiver.crt in use',
    cause: /receiver\.crt: .* is valid from .* to .*; it is /,
    command: /pki renew receiver --certs /,
  },
  {
    title: 'a receiver that is not valid yet',
    break: odd('receiver', { from: 10, to: 20 }),
    id: 'receiver.crt in use',
    cause: /is valid from .* to .*; it is /,
    command: /pki issue /,
  },
  {
    title: "a sender's certificate as receiver.crt",
    break: odd('receiver', { profile: 'sender' }),
    id: 'receiver.crt in use',
    cause: /receiver\.crt: .*extended key usage.*expected 1\.3\.6\.1\.5\.5\.7\.3\.1/,
    command: /pki issue .* --profile receiver --id 'MINISTRY 2_SEG01' --host localhost/,
  },
  {
    title: 'a certificate of another CA',
    break: async setUp => {
      for (const name of ['receiver.crt', 'receiver.key']) await copyFile(join(others, name), inCerts(name)(setUp))
    },
    id: 'receiver.crt in use',
    cause: /issuer: expected one issued by /,
    command: /pki issue /,
  },
  {
    title: 'a key of 1024 bits',
    break: odd('receiver', { keys: generateKeyPairSync('rsa', { modulusLength: 1024 }) }),
    id: 'receiver.crt in use',
    cause: /receiver\.crt: .*1024/,
    command: /pki issue /,
  },
  {
    title: 'a certificate signed with SHA-1',
    break: odd('receiver', { signing: signings.ecdsaSha1 }),
    id: 'receiver.crt in use',
    cause: /receiver\.crt: .*signature/,
    command: /pki issue /,
  },
  {
    title: 'a certificate without a purpose',
    break: odd('receiver', { withoutPurpose: true }),
    id: 'receiver.crt in use',
    cause: /extended key usage/,
    command: /pki issue /,
  },
  {
    title: 'a seal that expired',
    isEnough: true,
    break: odd('seal', { from: -20, to: -10 }),
    id: 'seal.crt in use',
    cause: /seal\.crt: .* is valid from /,
    command: /pki renew seal --certs /,
  },
  {
    title: 'a seal of another gateway, whose name would be a command',
    break: odd('seal', { subject: "'; touch owned" }),
    id: 'seal.crt in use',
    cause: /receiver\.crt is for "MINISTRY 2_SEG01", seal\.crt for /,
    command: /pki issue .* --profile seal --id 'MINISTRY 2_SEG01' /,
  },
  {
    title: 'seal.key missing',
    break: remove('seal.key'),
    id: 'seal.crt',
    cause: /seal\.key is missing/,
    command: /pki issue .* --profile seal /,
  },
  {
    title: 'log.key missing',
    isEnough: true,
    break: remove('log.key'),
    id: 'log.key',
    cause: /log\.key is missing/,
    command: /pki log-key --certs /,
  },
  {
    title: 'log.pub without a line for log.key',
    isEnough: true,
    break: write('log.pub', '\n'),
    id: 'log.key',
    cause: /log\.pub in .* has no line for the key in log\.key/,
    command: /pki log-key --certs /,
  },
  {
    title: 'log.key of another kind',
    break: copy('seal.key', 'log.key'),
    id: 'log.key',
    cause: /expected an Ed25519 key in .*log\.key, found ec/,
    command: /pki log-key --certs /,
  },
  {
    title: 'a seal that is revoked',
    isEnough: true,
    break: ({ certs }) => revokeOwn(certs, 'seal'),
    id: 'seal.crt for senders',
    cause: /revoked/,
    command: /pki renew seal --new-key --certs /,
  },
  {
    title: 'a receiver that is revoked',
    isEnough: true,
    break: ({ certs }) => revokeOwn(certs, 'receiver'),
    id: 'receiver.crt for senders',
    cause: /revoked/,
    command: /pki renew receiver --new-key --certs /,
  },
  {
    title: 'a revocation list of another CA',
    break: setUp => copyFile(join(others, 'ca.crl'), inCerts('ca.crl')(setUp)),
    id: 'authorities and lists',
    cause: /ca\.crl: /,
    command: /pki revoke --certs /,
  },
  {
    title: 'a revocation list that is out of date, and not needed',
    isEnough: true,
    break: setUp =>
      revoke({ certs: setUp.certs, ca: 'ca', reason: 'unspecified', days: 1, now: new Date(Date.now() - 3 * DAY) }),
    id: 'authorities and lists',
    status: 'warning',
    cause: /ca\.crl, the list of .* is out of date/,
    command: /pki revoke --certs /,
  },
  {
    title: 'a revocation list that is out of date, and needed',
    break: async setUp => {
      await revoke({
        certs: setUp.certs,
        ca: 'ca',
        reason: 'unspecified',
        days: 1,
        now: new Date(Date.now() - 3 * DAY),
      })
      await configure(
        'trust:\n  mode: listed\n  authorities:\n' +
          '    gov: { anchors: certs/ca.crt, revocation: { need: crl, crl: [certs/ca.crl] } }\n',
      )(setUp)
    },
    id: 'authorities and lists',
    cause: /ca\.crl, the list of .* is out of date.*nothing that this CA issued is accepted/,
    command: /^openssl crl -in .*ca\.crl -noout/,
  },
  {
    title: 'an authority whose file is missing',
    break: configure('trust:\n  mode: listed\n  authorities:\n    gov: { anchors: trust/gov.pem }\n'),
    id: 'authorities and lists',
    cause: /gov\.pem is missing; .*seg\.yaml:4 names it/,
    command: /./,
  },
  {
    title: 'two partners that one certificate could be',
    break: configure(
      `trust: { mode: listed, authorities: { gov: { anchors: certs/ca.crt } } }\npartners:\n${['A', 'B']
        .map(id => `  - { id: ${id}, certificates: [{ for: [tls, sign], authority: gov, subject: { CN: X } }] }\n`)
        .join('')}`,
    ),
    id: 'partners',
    cause: /seg\.yaml/,
    command: /pnpm seg config check --config .*seg\.yaml$/,
  },
  {
    title: 'a document type whose schema is missing',
    break: configure('documents: { CriticalDocument: { xsd: none.xsd } }\n'),
    id: 'document types',
    cause: /cannot read the schema .*none\.xsd/,
    command: /pnpm seg config check --config .*seg\.yaml$/,
  },
  {
    title: 'a receiver issued by an intermediate CA that is not there',
    break: async setUp => {
      const issuing = await makeFolder(t)
      await generate({ out: issuing, key: 'ec-p256', hasIntermediate: true, hosts: ['localhost'] })
      for (const name of ['receiver.crt', 'receiver.key']) await copyFile(join(issuing, name), inCerts(name)(setUp))
    },
    id: 'receiver.crt in use',
    cause: /issuer: expected one issued by /,
    command: /pki issue /,
  },
  {
    title: 'a file instead of the data folder',
    break: ({ data }) => writeFile(data, ''),
    id: 'data',
    cause: /expected a folder at .*found a file/,
    command: /^ls -ld /,
  },
  {
    title: "a sender's data folder",
    break: async ({ data }) => (await openOutbox(data)).close(),
    id: 'data',
    cause: /is the data folder of a "sender", expected that of a receiver/,
    command: /^ls -ld /,
  },
  {
    title: 'a data folder that has lost its database',
    break: async setUp => {
      await keepLedger(setUp)
      await rm(join(setUp.data, 'ledger.sqlite'))
    },
    id: 'data',
    cause: /has lost its database/,
    command: /^ls -ld /,
  },
  {
    title: 'a data folder in use by another process',
    break: async (setUp, t) => {
      const ledger = await holdLedger(setUp)
      t.teardown(() => ledger.close())
    },
    id: 'data in use',
    cause: /another process uses the data folder/,
    command: /^fuser -v .*lock$/,
  },
  {
    title: 'a log that another key signed',
    break: async setUp => {
      await keepLedger(setUp)
      await writeKey(setUp.certs, 'log', generateKeyPairSync('ed25519').privateKey)
      await runCommand('pki', ['log-key', '--certs', setUp.certs])
    },
    id: 'log of data',
    cause: /the log is signed with the key whose hash is .* put the former log\.key back/,
    command: /log\.pub$/,
  },
  {
    title: 'a clock that was set back',
    break: setUp => keepLedger(setUp, () => new Date(Date.now() + DAY)),
    id: 'clock',
    cause: /the last entry of the log is of .*expected a clock past it/,
    command: /^timedatectl$/,
  },
  {
    title: 'a disk without room',
    break: async setUp => {
      setUp.diskReserve = 2 ** 60
    },
    id: 'disk',
    cause: /no room for documents: expected more than \d+ bytes free/,
    command: /^df -h /,
  },
  {
    title: 'a port that another program has',
    break: async (setUp, t) => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.teardown(() => server.close())
      setUp.port = (server.address() as AddressInfo).port
    },
    id: 'port',
    cause: /cannot listen on 127\.0\.0\.1 port \d+: another program listens there/,
    command: /^ss -ltnp 'sport = :\d+'$/,
  },
  {
    title: 'an address that this machine does not have',
    break: async setUp => {
      setUp.host = '192.0.2.1'
    },
    id: 'port',
    cause: /this machine has no such address/,
    command: /./,
  },
  {
    title: 'a certificate for other hosts than we listen on',
    break: odd('receiver', { hosts: ['gateway.example'] }),
    id: 'receiver.crt in use',
    status: 'warning',
    cause: /receiver\.crt is for other hosts: expected "localhost", on which we listen, found "DNS:gateway\.example"/,
    command: /pki issue .* --host localhost --out .*new-receiver$/,
  },
  {
    title: 'a console whose certificate expires in twenty days',
    isEnough: true,
    break: odd('console', { to: 20 }),
    id: 'console.crt',
    status: 'warning',
    cause: /console\.crt .* expires at .*, in (19|20) days/,
    command: /pki renew console --certs /,
  },
  {
    title: 'a key of the console that belongs to another certificate',
    break: copy('seal.key', 'console.key'),
    id: 'console.crt',
    status: 'warning',
    cause: /console\.key is not the key of console\.crt/,
    command: /pki renew console --new-key --certs /,
  },
  {
    title: 'no certificate of the console where its port is asked for',
    break: async setUp => {
      setUp.adminPort = 0
      await remove('console.crt')(setUp)
    },
    id: 'console.crt',
    cause: /console\.crt is missing/,
    command: /pki .* --profile console /,
  },
  {
    title: 'a receiver that expires in twenty days',
    isEnough: true,
    break: odd('receiver', { to: 20 }),
    id: 'receiver.crt in use',
    status: 'warning',
    cause: /receiver\.crt .* expires at .*, in (19|20) days/,
    command: /pki renew receiver --certs /,
  },
]

async function setUpRight(t: Test): Promise<SetUp> {
  const folder = await makeFolder(t)
  const certs = await copyCerts(t, right)
  const config = join(certs, '..', 'seg.yaml')
  await writeFile(config, '')
  const data = join(folder, 'data')
  const settings = { host: 'localhost', port: 0, diskReserve: 'auto', adminPort: 'auto' } as const
  return { certs, data, ...settings, config, now: () => new Date() }
}

function diagnoseReceiver(setUp: SetUp) {
  const checks = receiverChecks({
    // As `runDiagnoseReceiver` has it, without a process for each.
    readSettings: () => setUp,
    findHandOffDoubts: async () => [],
    now: setUp.now,
  })
  return diagnose(checks)
}

t.test('a set-up that is right has nothing wrong, new or in use', async t => {
  const setUp = await setUpRight(t)
  const isWrong = ({ status }: CheckResult) => status !== 'ok'
  t.same((await diagnoseReceiver(setUp)).filter(isWrong), [])
  const running = await startReceiver(t, ['--certs', setUp.certs, '--data', setUp.data])
  const results = await diagnoseReceiver({ ...setUp, port: Number(running.url.port) })
  t.same(results.filter(isWrong), [])
  t.match(
    results.find(({ id }) => id === 'data in use'),
    { found: 'by the receiver that listens on the port' },
  )
})

for (const one of cases) {
  t.test(`names the cause and the command: ${one.title}`, { buffered: true }, async t => {
    const setUp = await setUpRight(t)
    await one.break(setUp, t)
    const command = checkFirst(t, await diagnoseReceiver(setUp), one)
    if (one.isEnough === undefined) return
    await runAdvised(command)
    const left = (await diagnoseReceiver(setUp)).filter(({ status }) => status !== 'ok')
    t.same(left, [], `after ${command}`)
  })
}

t.test('the first line of the command is the cause, and it ends with 5', async t => {
  const { certs, data, config } = await setUpRight(t)
  const diagnosing = (...args: string[]) =>
    runCommand('receiver', ['diagnose', '--certs', certs, '--data', data, '--config', config, '--port', '0', ...args])
  t.match(await diagnosing(), { exitCode: 0, stderr: '' })
  await rm(join(certs, 'seal.key'))
  const found = await diagnosing()
  t.equal(found.exitCode, 5)
  t.match(found.stdout.toString().split('\n'), [/^FAILURE +seal\.crt: .*seal\.key is missing/, /^ +run: pnpm .*issue/])
  await writeFile(config, 'porrt: 8443\n')
  const { exitCode, stdout } = await diagnosing('--json')
  t.equal(exitCode, 5)
  t.match(JSON.parse(stdout.toString()), {
    ok: false,
    failures: 1,
    warnings: 0,
    checks: [
      {
        id: 'configuration',
        status: 'failure',
        code: 'configuration',
        cause: /unknown key "porrt"/,
        command: /config check --config /,
      },
      { id: 'hand-off', status: 'not-checked', after: 'configuration' },
    ],
  })
})
