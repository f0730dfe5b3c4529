// The sender's command line as its own process, the way a script runs it.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'

export type Run = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }

const main = resolve(import.meta.dirname, '../main.ts')

/** Runs `sender …` in `folder` with no settings but the given ones. */
export function runSender(folder: string, args: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const clean = Object.entries(process.env).filter(([name]) => !/^(SEG_|INIT_CWD$|NODE_OPTIONS$|FORCE_COLOR$)/.test(name))
  const env = { ...Object.fromEntries(clean), INIT_CWD: folder, ...environment }
  return new Promise(done => {
    const child = execFile(process.execPath, [main, ...args], { env, maxBuffer: 1 << 24 }, (_error, stdout, stderr) => {
      done({ exitCode: child.exitCode ?? -1, stdout, stderr })
    })
  })
}
