// A command in the process of its test, with arguments, environment, streams and exit code of its
// own: a process of its own takes a hundred times as long. For commands that end; what a process
// does to streams, signals and files at its end is tested with one.
import { type Command, runArguments } from '../command.ts'
import { replaceStreams } from '../standard-streams.ts'

export type Ran = { readonly exitCode: number; readonly stdout: Buffer; readonly stderr: string }
export type Environment = Readonly<Record<string, string>>

/** Those that a test never takes from whoever runs it. */
const NOT_INHERITED = /^(SEG_|INIT_CWD$|NODE_OPTIONS$|FORCE_COLOR$)/

export function cleanEnvironment(environment: Environment): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name))
  return { ...Object.fromEntries(inherited), ...environment }
}

let last: Promise<unknown> = Promise.resolve()

/**
 * `program …args`, with no settings in the environment but the given ones. One at a time:
 * environment and exit code are the process's.
 */
export function runInProcess(program: Command, args: readonly string[], environment: Environment = {}): Promise<Ran> {
  const running = last.then(() => runAlone(program, args, environment))
  last = running.catch(() => {})
  return running
}

async function runAlone(program: Command, args: readonly string[], environment: Environment): Promise<Ran> {
  const stdout: Buffer[] = []
  let stderr = ''
  const write = (piece: Uint8Array | string) => void stdout.push(Buffer.from(piece))
  const streams = replaceStreams({
    results: {
      write,
      async writePieces(pieces) {
        for await (const piece of pieces) write(piece)
      },
      end: async () => {},
      failure: undefined,
    },
    errors: {
      write(lines) {
        stderr += lines
      },
      close: async () => {},
    },
  })
  const [env, exitCode, umask] = [process.env, process.exitCode, process.umask(0o077)]
  process.env = cleanEnvironment(environment)
  process.exitCode = undefined
  try {
    await runArguments(program, args)
    return { exitCode: Number(process.exitCode ?? 0), stdout: Buffer.concat(stdout), stderr }
  } finally {
    process.umask(umask)
    process.exitCode = exitCode
    process.env = env
    replaceStreams(streams)
  }
}
