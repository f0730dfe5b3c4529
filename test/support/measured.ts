// Processor time and memory of a receiver that was started with the inspector on.
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { ReceiverProcess } from './commands.ts'

/** For the environment of the process: it prints where its inspector listens. */
export const inspected = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

export type Measured = {
  /**
   * Milliseconds that the main thread has run since its start. The threads of V8, which compile and
   * collect garbage now and then, are not in it.
   */
  processorTime(): Promise<number>
  /** Bytes that are in use once garbage is collected, on the heap and outside it. */
  memoryInUse(): Promise<number>
  /** Resolves when its main thread has next to nothing to do. */
  rest(): Promise<void>
  close(): void
}

/** What `Runtime.evaluate` of the Chrome DevTools Protocol answers. */
type Evaluated = { readonly result?: { readonly value?: unknown } }

/** Reads the standard error of the process to its end. */
export async function measure({ child, ready: { pid } }: ReceiverProcess): Promise<Measured> {
  const lines = createInterface(child.stderr!)
  const { promise: address, resolve } = Promise.withResolvers<string>()
  lines.on('line', line => {
    const found = /^Debugger listening on (\S+)$/.exec(line)?.[1]
    if (found !== undefined) resolve(found)
  })
  const socket = new WebSocket(await address)
  await new Promise(opened => socket.addEventListener('open', opened, { once: true }))
  const waiting = new Map<number, (answer: Evaluated) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data))
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  let count = 0
  const ask = async (method: string, params = {}) => {
    const id = ++count
    const { promise, resolve } = Promise.withResolvers<Evaluated>()
    waiting.set(id, resolve)
    socket.send(JSON.stringify({ id, method, params }))
    return (await promise).result?.value
  }
  const evaluate = (expression: string) => ask('Runtime.evaluate', { expression, returnByValue: true })
  /** Of the main thread: also while it waits for a processor. */
  const activeTime = async () => Number(await evaluate('performance.eventLoopUtilization().active'))
  return {
    async processorTime() {
      const [nanoseconds] = (await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')).split(' ')
      return Number(nanoseconds) / 1e6
    },
    async memoryInUse() {
      // What the first leaves to finalizers goes with the second.
      await ask('HeapProfiler.collectGarbage')
      await ask('HeapProfiler.collectGarbage')
      return Number(await evaluate('(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())'))
    },
    async rest() {
      for (let before = await activeTime(); ; ) {
        await pause(100)
        const now = await activeTime()
        if (now - before < 20) return
        before = now
      }
    },
    close: () => socket.close(),
  }
}
