// Programs of the system that tests compare us with; where one is missing its tests are skipped,
// and say so.
import { spawnSync } from 'node:child_process'

export type Ran = { readonly status: number | null; readonly output: string }

export function run(command: string, args: readonly string[], input?: string): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    ...(input !== undefined && { input }),
  })
  return { status, output: `${stdout}${stderr}` }
}

/** Options that skip a test where `command` cannot be run. */
export function needs(command: string, args: readonly string[] = ['--version']): { skip: string | false } {
  const { error } = spawnSync(command, args)
  return { skip: error === undefined ? false : `${command} is not installed` }
}
