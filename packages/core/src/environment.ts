// What the environment may not do: switches of Node that write the keys of connections down, or
// show what goes through them. No code of ours can undo these; all others that weaken TLS or HTTP
// are overridden where connections are made.
import { Fault } from './fault.ts'

/** By the name of the option, in the environment or on the command line of Node. */
const refused: Readonly<Record<string, string>> = {
  '--tls-keylog': 'it writes the keys of all TLS connections to a file',
  '--trace-tls': 'it writes what TLS exchanges to standard error',
}

/**
 * Throws the Fault `configuration`. `environment`: the variables of the process; `options`: Node's
 * own, of its command line.
 */
export function checkEnvironment(environment: NodeJS.ProcessEnv, options: readonly string[]): void {
  const given = [...(environment.NODE_OPTIONS ?? '').split(/[\s"']+/), ...options]
  for (const option of given) {
    // Node takes an underscore for a dash.
    const name = option.split('=')[0]!.replaceAll('_', '-')
    const reason = refused[name]
    if (reason === undefined) continue
    const where = options.includes(option) ? "on node's command line" : 'in NODE_OPTIONS'
    throw new Fault('configuration', `${name} ${where}: ${reason}; start again without it`)
  }
}

/**
 * All cipher suites of TLS 1.3 that have authenticated encryption with a full tag (RFC 8446 B.4),
 * for every TLS client and server of ours.
 */
export const TLS13_CIPHERS = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'
