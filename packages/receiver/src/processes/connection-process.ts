// A connection process: started by connection-processes.ts, ended with the process that has the
// ledger. It opens no file but those of documents that come in.
import { Socket } from 'node:net'
import { deserialize } from 'node:v8'
import { refuseDebugger } from '@seg/core'
import { type RunningReceiver, startReceiver } from '../http/start-receiver.ts'
import { type Handlers, ProcessChannel } from './channel.ts'
import { type Alive, CHANNEL, type Listening, type StartedWith } from './messages.ts'
import { openRemoteGate, type RemoteGate } from './remote-gate.ts'

const ALIVE_INTERVAL = 1_000

// Files are made for this user only.
process.umask(0o077)
refuseDebugger()
// Signals to a whole group are the other process's: it ends this one when it is time.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})

let gate: RemoteGate | undefined
let running: RunningReceiver | undefined

const handlers: Handlers = {
  async start({ octets }) {
    const receiver = await start(deserialize(octets) as StartedWith)
    return { value: { url: receiver.url } satisfies Listening }
  },
  recall() {
    gate?.recall()
    return undefined
  },
  drain() {
    running?.drain()
    return undefined
  },
  async close() {
    await running?.close()
    await gate?.close()
    gate?.flush()
    return undefined
  },
  credentials: received => gate?.replaceCredentials(received.octets),
  staple: received => gate?.replaceStaple(received.octets),
}

const channel = new ProcessChannel(new Socket({ fd: CHANNEL }), handlers, () => process.exit(1))

async function start(given: StartedWith): Promise<RunningReceiver> {
  // Before anything is waited for: what follows on the channel finds it.
  gate = openRemoteGate(channel, given)
  const receiver = await startReceiver({ ...gate, balancers: given.balancers }, given)
  running = receiver
  let looked = performance.eventLoopUtilization()
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, looked)
    looked = now
    channel.tell('alive', measure(receiver, utilization))
  }, ALIVE_INTERVAL)
  return receiver
}

function measure(receiver: RunningReceiver, load: number): Alive {
  const { user, system } = process.cpuUsage()
  return {
    connections: [...receiver.connections()],
    handshakes: receiver.handshakes(),
    cpu: (user + system) / 1e6,
    memory: process.memoryUsage.rss(),
    load,
  }
}
