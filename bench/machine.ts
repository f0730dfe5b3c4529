// What the figures were measured on, and how a program is held to one core of it.
import { spawnSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

export type Machine = {
  readonly cpu: string
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly system: string
  readonly node: string
  readonly openssl: string
  /** Mean number of programs that wanted a core, over the minute before the run. */
  readonly load: number
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
    system: `${type()} ${release().split('-')[0]}`,
    node: process.version,
    openssl: process.versions.openssl,
    load: loadavg()[0]!,
  }
}

export function writeMachine({ cpu, cores, memory, system, node, openssl, load }: Machine): string {
  const size = `${cores} cores, ${(memory / 2 ** 30).toFixed(0)} GiB`
  return `${cpu}, ${size}; ${system}; Node ${node}, OpenSSL ${openssl}; load before the run ${load.toFixed(1)}`
}

/**
 * What a command line begins with to be held to one core: the first is 0. Nothing where there is no
 * taskset(1), or no such core.
 */
export function pinTo(core: number): string[] {
  return core < cpus().length && isThere('taskset', '--version') ? ['taskset', '-c', String(core)] : []
}

export function isThere(command: string, argument: string): boolean {
  return spawnSync(command, [argument]).status === 0
}
