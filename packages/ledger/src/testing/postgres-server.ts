// A PostgreSQL of Debian for the tests, in a folder of its own, on a socket in it and a port of the
// loopback; undefined where none is installed, which the tests say aloud.
import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import pg from 'pg'
import type { Test } from 'tap'

export const MISSING = 'PostgreSQL is not installed: apt-get install postgresql'

type StartOptions = {
  readonly checksums?: boolean
  readonly name?: string
  readonly port?: number
  /** The folder for its data; by default in memory, if there is some: syncs cost nothing there. */
  readonly home?: string
}

export class PostgresServer {
  readonly socket: string
  readonly port: number
  readonly #programs: string
  readonly #identity: { readonly uid?: number; readonly gid?: number }
  #process: ReturnType<typeof spawn> | undefined
  #databases = 0
  #template = 'template1'

  private constructor(socket: string, port: number, programs: string, identity: { uid?: number; gid?: number }) {
    this.socket = socket
    this.port = port
    this.#programs = programs
    this.#identity = identity
  }

  /** Stopped, with all that it has, after the test. A standby has the name of its cluster. */
  static async start(
    t: Pick<Test, 'teardown'>,
    primary?: PostgresServer,
    {
      checksums = true,
      name = 'standby',
      port,
      home = existsSync('/dev/shm') ? '/dev/shm' : tmpdir(),
    }: StartOptions = {},
  ): Promise<PostgresServer | undefined> {
    const programs = globSync('/usr/lib/postgresql/*/bin').sort().at(-1)
    const identity = identityOf()
    if (programs === undefined || identity === undefined) return undefined
    const folder = mkdtempSync(join(home, 'seg-pg-'))
    if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid!)
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const server = new PostgresServer(folder, port ?? (await freePort()), programs, identity)
    if (primary === undefined) server.#make(checksums)
    else server.#copy(primary)
    if (primary !== undefined) server.configure(`cluster_name = '${name}'`)
    server.configure(`unix_socket_directories = '${folder}'`, `port = ${server.port}`)
    await server.run()
    t.teardown(() => server.stop())
    return server
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get #data(): string {
    return join(this.socket, 'data')
  }

  #make(checksums: boolean): void {
    const options = ['-D', this.#data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    if (checksums) options.push('--data-checksums')
    const { status, stderr } = spawnSync(join(this.#programs, 'initdb'), options, {
      ...this.#identity,
      cwd: this.socket,
    })
    if (status !== 0) throw new Error(`initdb: ${stderr}`)
    this.configure("listen_addresses = '127.0.0.1'", 'max_connections = 60')
  }

  /** As a standby, which the primary knows by the name of its cluster. */
  #copy(primary: PostgresServer): void {
    const options = [
      '-h',
      primary.socket,
      '-p',
      String(primary.port),
      '-U',
      'postgres',
      '-D',
      this.#data,
      '-R',
      '-c',
      'fast',
    ]
    const { status, stderr } = spawnSync(join(this.#programs, 'pg_basebackup'), options, {
      ...this.#identity,
      cwd: this.socket,
    })
    if (status !== 0) throw new Error(`pg_basebackup: ${stderr}`)
  }

  /** Lines of postgresql.conf, which a start reads; the last of a name counts. */
  configure(...lines: readonly string[]): void {
    appendFileSync(join(this.#data, 'postgresql.conf'), `\n${lines.join('\n')}\n`)
  }

  async run(): Promise<void> {
    this.#process = spawn(join(this.#programs, 'postgres'), ['-D', this.#data], { ...this.#identity, stdio: 'ignore' })
    const isThere = () => this.ask('postgres', 'SELECT 1').then(Boolean, String)
    await until(isThere, answer => answer === true)
  }

  /** TLS with the certificate `path`.crt and its key, which only the server may read. */
  async useCertificate(path: string): Promise<void> {
    for (const end of ['crt', 'key']) {
      const place = join(this.socket, `server.${end}`)
      copyFileSync(`${path}.${end}`, place)
      chmodSync(place, 0o600)
      if (this.#identity.uid !== undefined) chownSync(place, this.#identity.uid, this.#identity.gid!)
    }
    const [certificate, key] = ['crt', 'key'].map(end => `'${join(this.socket, `server.${end}`)}'`)
    await this.set('ssl = on', `ssl_cert_file = ${certificate}`, `ssl_key_file = ${key}`)
  }

  /** The same in force: sessions that are open have it before their next statement. */
  async set(...lines: readonly string[]): Promise<void> {
    const loaded = async () => (await this.ask('postgres', 'SELECT pg_conf_load_time()::text AS at'))[0]?.at
    const before = await loaded()
    this.configure(...lines)
    this.#process?.kill('SIGHUP')
    await until(loaded, at => at !== before)
  }

  /** SIGINT: connections are cut, and nothing is lost. SIGQUIT: as after a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null) return
    running.kill(signal)
    await once(running, 'exit')
  }

  /** With all that it has. */
  async remove(): Promise<void> {
    await this.stop('SIGQUIT')
    rmSync(this.socket, { recursive: true, force: true })
  }

  /** Its address, as `--ledger` takes it. */
  async makeDatabase(): Promise<string> {
    const name = `seg${this.#databases++}`
    await this.ask('postgres', `CREATE DATABASE ${name} TEMPLATE ${this.#template}`)
    return this.urlOf(name)
  }

  /** What `open` makes of a database is in each that is made later. */
  async prepare(open: (url: string) => Promise<{ close(): Promise<void> }>): Promise<void> {
    await this.ask('postgres', 'CREATE DATABASE prepared')
    await (await open(this.urlOf('prepared'))).close()
    this.#template = 'prepared'
  }

  urlOf(name: string): string {
    return `postgres://postgres@/${name}?host=${this.socket}&port=${this.port}`
  }

  async ask(database: string, text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ host: this.socket, port: this.port, user: 'postgres', database })
    client.on('error', () => {})
    await client.connect()
    try {
      const { rows } = await client.query(text)
      return rows
    } finally {
      await client.end()
    }
  }
}

/** None of those that connections get by themselves: it stays free while the server is stopped. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000)
    const listener = createServer().listen(port, '127.0.0.1')
    const isFree = await once(listener, 'listening').then(
      () => true,
      () => false,
    )
    listener.close()
    if (isFree) return port
  }
}

/** PostgreSQL does not run as root: then as the user that Debian makes for it. */
function identityOf(): { uid?: number; gid?: number } | undefined {
  if (process.geteuid?.() !== 0) return {}
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? []
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}
