// Debian's nats-server for the tests, with JetStream in a folder of its own, on a port of the
// loopback; and what the tests do to its streams.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import type { Test } from 'tap'
import { connectToNats, type NatsPlace } from '../hand-off/nats/nats-connection.ts'
import { makeFolder } from './gateway.ts'

/** Options of a test that needs it. */
export const needsNats = {
  skip:
    spawnSync('nats-server', ['--version']).error === undefined
      ? false
      : 'nats-server is not installed: apt-get install nats-server',
}

/** Without TLS and a name, on this machine. */
export const natsPlace = { isPlain: true, secureContext: undefined, proof: () => ({}) }

export type StoredMessage = { readonly subject: string; readonly head: string; readonly octets: Buffer }

export class NatsServer {
  readonly port: number
  readonly #config: string
  #process: ReturnType<typeof spawn> | undefined

  private constructor(port: number, config: string) {
    this.port = port
    this.#config = config
  }

  /** `lines` of its configuration; without `jetstream` in them it has JetStream. */
  static async start(t: Test, lines: readonly string[] = []): Promise<NatsServer> {
    const folder = await makeFolder(t)
    const port = await freePort()
    const config = join(folder, 'nats.conf')
    const jetStream = lines.some(line => line.startsWith('jetstream'))
      ? []
      : [`jetstream { store_dir: "${folder}/js" }`]
    await writeFile(config, [`listen: "127.0.0.1:${port}"`, ...jetStream, ...lines].join('\n'))
    const server = new NatsServer(port, config)
    await server.run()
    t.teardown(() => server.kill())
    return server
  }

  async run(): Promise<void> {
    const running = spawn('nats-server', ['-c', this.#config], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = running
    let said = ''
    running.stderr.on('data', piece => {
      said = `${said}${piece}`.slice(-2000)
    })
    const answers = () => {
      if (running.exitCode !== null) throw new Error(`nats-server has ended: ${said}`)
      return fetchInfo(this.port).then(
        text => text.startsWith('INFO'),
        () => false,
      )
    }
    await until(answers)
  }

  /** As a machine that loses its power, as far as a process can be. */
  async kill(): Promise<void> {
    const running = this.#process
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    running.kill('SIGKILL')
    await once(running, 'exit')
  }

  stop(): void {
    this.#process?.kill('SIGSTOP')
  }

  goOn(): void {
    this.#process?.kill('SIGCONT')
  }

  /** As an administrator of the streams. */
  async ask(place: NatsPlace, subject: string, question: object = {}): Promise<Record<string, unknown>> {
    const signal = AbortSignal.timeout(20_000)
    const connection = await connectToNats(place, signal)
    try {
      const content = Buffer.from(JSON.stringify(question))
      const { octets } = await connection.request(`$JS.API.${subject}`, {}, content, { time: 20_000, signal })
      return JSON.parse(octets.toString('utf8'))
    } finally {
      connection.end('it has been asked')
    }
  }

  async makeStream(place: NatsPlace, name: string, settings: object = {}): Promise<void> {
    const usual = { storage: 'file', retention: 'limits', discard: 'new', num_replicas: 1 }
    const config = { name, subjects: [`${name}.*`], ...usual, ...settings }
    const { error } = await this.ask(place, `STREAM.CREATE.${name}`, config)
    if (error !== undefined) throw new Error(JSON.stringify(error))
  }

  /** All that a stream has, in its order. */
  async messages(place: NatsPlace, name: string): Promise<StoredMessage[]> {
    const found: StoredMessage[] = []
    const { state } = (await this.ask(place, `STREAM.INFO.${name}`)) as { state: { last_seq: number } }
    const signal = AbortSignal.timeout(60_000)
    const connection = await connectToNats(place, signal)
    for (let seq = 1; seq <= state.last_seq; seq++) {
      const content = Buffer.from(JSON.stringify({ seq }))
      const asking = connection.request(`$JS.API.STREAM.MSG.GET.${name}`, {}, content, { time: 20_000, signal })
      const { message } = JSON.parse((await asking).octets.toString('utf8'))
      if (message === undefined) continue
      const { subject, hdrs = '', data = '' } = message
      const head = Buffer.from(hdrs, 'base64').toString('latin1')
      found.push({ subject, head, octets: Buffer.from(data, 'base64') })
    }
    connection.end('all is read')
    return found
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function fetchInfo(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  try {
    const [piece] = await once(socket, 'data')
    return String(piece)
  } finally {
    socket.destroy()
  }
}
