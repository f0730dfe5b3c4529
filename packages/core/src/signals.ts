// Signals that a service must survive.
import { isatty } from 'node:tty'

/**
 * Node opens its debugger at SIGUSR1: any local user could then read the keys in memory. A listener
 * of ours takes the place of Node's.
 */
export function refuseDebugger(): void {
  process.on('SIGUSR1', () => {})
}

/**
 * SIGHUP asks a service to look at its files: it ends no process, and none that only starts. When
 * the terminal of the service is gone, the service stops as at SIGTERM.
 */
export function surviveHangup(): void {
  const hadTerminal = isatty(2)
  process.on('SIGHUP', () => {
    if (hadTerminal && !isatty(2)) process.kill(process.pid, 'SIGTERM')
  })
}
