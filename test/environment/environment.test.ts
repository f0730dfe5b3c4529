// No variable of the environment, and no option of Node, weakens a check; what cannot be overridden
// from inside is refused.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { generate } from '@seg/pki'
import t from 'tap'
import { root, runProcess, startReceiver } from '../support/commands.ts'

const folder = await mkdtemp(join(tmpdir(), 'seg-environment-'))
t.setTimeout(600_000)
t.teardown(() => rm(folder, { recursive: true, force: true }))

/** Each run has a CA of its own; this one stands for what an environment would add. */
const foreign = join(folder, 'foreign')
await generate({ out: foreign, key: 'ec-p256', senderId: 'A', receiverId: 'B', hosts: ['127.0.0.1'] })
const opensslConf = join(folder, 'openssl.cnf')
await writeFile(
  opensslConf,
  'nodejs_conf = n\nopenssl_conf = n\n[n]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\nMinProtocol = TLSv1\n' +
    'MaxProtocol = TLSv1.2\nCipherString = ALL:@SECLEVEL=0\nOptions = UnsafeLegacyRenegotiation\n',
)

type Environment = Readonly<Record<string, string>>
/** All that can be set together is, so that there are few runs. */
const environments: Readonly<Record<string, Environment>> = {
  'no check of certificates, CAs of OpenSSL, older TLS, weak ciphers, a lenient parser, a proxy, a log of keys': {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_EXTRA_CA_CERTS: join(foreign, 'ca.crt'),
    SSL_CERT_FILE: join(foreign, 'ca.crt'),
    SSL_CERT_DIR: foreign,
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    https_proxy: 'http://127.0.0.1:1',
    SSLKEYLOGFILE: join(folder, 'keys.log'),
    NODE_OPTIONS:
      '--use-openssl-ca --tls-min-v1.0 --insecure-http-parser ' +
      '--tls-cipher-list=TLS_AES_128_CCM_8_SHA256:ALL:@SECLEVEL=0',
  },
  "CAs of the system, OpenSSL's configuration and its legacy provider": {
    SSL_CERT_FILE: join(foreign, 'ca.crt'),
    OPENSSL_CONF: opensslConf,
    NODE_OPTIONS: '--use-system-ca --openssl-shared-config --openssl-legacy-provider',
  },
}

async function run(args: readonly string[], environment: Environment) {
  const { NODE_OPTIONS = '', TAP: _tap, ...inherited } = process.env
  const options = [NODE_OPTIONS, environment.NODE_OPTIONS].filter(Boolean).join(' ')
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...inherited, ...environment, NODE_OPTIONS: options },
  })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code: code as number }
}

const probes = join(import.meta.dirname, 'probes.ts')
t.test('every check holds', async t => {
  t.setTimeout(600_000)
  for (const [name, environment] of Object.entries(environments)) {
    const { stdout, stderr, code } = await run([probes, foreign], environment)
    t.equal(code, 0, name, code === 0 ? {} : { found: `${stdout}\n${stderr}` })
  }
  t.notOk(existsSync(join(folder, 'keys.log')), 'no keys were written')
})

t.test('what cannot be overridden is refused', async t => {
  t.setTimeout(600_000)
  const main = join(root, 'packages/receiver/src/main.ts')
  const keyLog = `--tls-keylog=${join(folder, 'keys.log')}`
  const cases: [string[], Environment, RegExp][] = [
    [
      [main, 'documents', 'list', '--data', folder],
      { NODE_OPTIONS: keyLog },
      /configuration: .*\n.*--tls-keylog in NODE_OPTIONS/,
    ],
    [[keyLog, main, 'documents', 'list', '--data', folder], {}, /--tls-keylog on node's command line/],
    [['--trace-tls', main, 'start', '--data', folder], {}, /--trace-tls/],
  ]
  for (const [args, environment, expected] of cases) {
    const { stderr, code } = await run(args, environment)
    t.equal(code, 5)
    t.match(stderr, expected)
  }
})

t.test('no key reaches a log, with any debugging output of Node', async t => {
  const certs = join(folder, 'own')
  await generate({ out: certs, key: 'ec-p256' })
  const environment = { NODE_DEBUG: 'worker,tls,https,http,net,stream,fs,crypto,fetch,undici,timer' }
  const receiver = await startReceiver(t, ['--certs', certs, '--data', join(folder, 'received')], {
    environment,
    stderr: 'pipe',
  })
  const shown = text(receiver.child.stderr!)
  const args = ['--to', receiver.url.origin, '--certs', certs, '--data', join(folder, 'sent')]
  const sent = await runProcess('sender', ['send', join(root, 'sample_document.xml'), ...args], { environment })
  t.equal(sent.exitCode, 0)
  await receiver.stop()
  const logs = `${await shown}${sent.stderr}${sent.stdout}`
  t.match(logs, /^WORKER \d+: /m, 'Node does show something')
  for (const name of ['receiver', 'seal', 'log', 'sender']) {
    const [, secret = ''] = (await readFile(join(certs, `${name}.key`), 'utf8')).split('\n')
    t.equal(logs.includes(secret.slice(-24)), false, `${name}.key`)
  }
  t.notMatch(logs, 'Lunch party', 'nor does a document')
})
