// Counts what a piece of our code does, in operations and not in time: characters of code run, and
// bytes that native functions walk over for it.
//
// V8's own coverage counts how often each block of code runs, so the code under test is the code as
// it is. V8 leaves out a block that ran as often as the one around it: blocks weigh what they are
// long, so that it does not matter. Import the code after `openCounter`: functions compiled before
// are counted by call only.
import buffer from 'node:buffer'
import { Hash } from 'node:crypto'
import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import { syncBuiltinESMExports } from 'node:module'

export type Counter = {
  /**
   * Operations of the synchronous `run` in files whose URL contains `under`. Between two counts
   * nothing of those files runs.
   */
  count(run: () => void): Promise<number>
  close(): void
}

export async function openCounter(under: string): Promise<Counter> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const natives = watchNatives()
  let isFirst = true
  return {
    async count(run) {
      // What ran while modules were loaded.
      if (isFirst) await session.post('Profiler.takePreciseCoverage')
      isFirst = false
      natives.bytes = 0
      run()
      const { bytes } = natives
      // Begins the next count, too.
      const { result } = await session.post('Profiler.takePreciseCoverage')
      const functions = result.filter(({ url }) => url.includes(under)).flatMap(script => script.functions)
      return functions.reduce((sum, { ranges }) => sum + weigh(ranges), bytes)
    },
    close: () => session.disconnect(),
  }
}

/**
 * Characters of code run: of each block as often as the innermost range around it says. Ranges come
 * outermost first.
 */
function weigh(ranges: readonly Profiler.CoverageRange[]): number {
  let weight = 0
  const around: Profiler.CoverageRange[] = []
  for (const range of ranges) {
    while (around.length > 0 && around.at(-1)!.endOffset <= range.startOffset) around.pop()
    weight += (range.endOffset - range.startOffset) * (range.count - (around.at(-1)?.count ?? 0))
    around.push(range)
  }
  return weight
}

// biome-ignore lint/suspicious/noExplicitAny: functions of any kind are wrapped
type AnyFunction = (...args: any[]) => any

/** Counts the bytes that native functions read or write from here on, whoever calls them. */
function watchNatives(): { bytes: number } {
  const natives = { bytes: 0 }
  const watch = (
    owner: object,
    name: string,
    cost: (result: unknown, self: Uint8Array, args: readonly unknown[]) => number,
  ) => {
    const methods = owner as Record<string, AnyFunction>
    const original = methods[name]!
    methods[name] = function (this: Uint8Array, ...args) {
      const result = original.apply(this, args)
      natives.bytes += cost(result, this, args)
      return result
    }
  }
  const { Buffer } = buffer
  const lengthOf = (value: unknown) => (value as { readonly length: number }).length
  watch(Buffer.prototype, 'copy', result => result as number)
  watch(Buffer.prototype, 'compare', (_result, self, args) =>
    Math.min(self.length, Number(args[2] ?? lengthOf(args[0])) - Number(args[1] ?? 0)),
  )
  watch(Buffer.prototype, 'toString', result => lengthOf(result))
  watch(
    Buffer.prototype,
    'indexOf',
    (result, self, args) => (result === -1 ? self.length : (result as number)) - Number(args[1] ?? 0),
  )
  watch(Buffer, 'concat', result => lengthOf(result))
  watch(Buffer, 'from', result => lengthOf(result))
  watch(Hash.prototype, 'update', (_result, _self, args) => lengthOf(args[0]))
  watch(buffer, 'isUtf8', (_result, _self, args) => lengthOf(args[0]))
  syncBuiltinESMExports()
  return natives
}
