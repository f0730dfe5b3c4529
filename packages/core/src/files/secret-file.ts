// Files of keys and secrets: read only when no user but their owner, and the system's
// administrator, can have read or changed them.
import type { Stats } from 'node:fs'
import { Fault } from '../fault.ts'
import { shellWord } from '../shown-text.ts'
import { nameKind, readInput } from './input.ts'

const OTHERS = 0o077
/**
 * A file of root may be readable for its group: so a mounted secret reaches a service that is not
 * root.
 */
const NOT_OF_GROUP = 0o037

/**
 * The file's octets. Links are followed, since mounted secrets are links; what counts is the file
 * that they lead to. Throws the Fault `configuration` when others may use it, and errors of the
 * system.
 */
export async function readSecretFile(path: string): Promise<Buffer> {
  return readInput(path, { check: stats => checkSecret(path, stats) })
}

function checkSecret(path: string, stats: Stats): void {
  if (!stats.isFile())
    throw new Fault('configuration', `expected a file of a key or secret at ${path}, found ${nameKind(stats)}`)
  const user = process.geteuid?.()
  if (user === undefined) return
  const { uid, mode } = stats
  if (uid !== user && uid !== 0)
    throw new Fault(
      'configuration',
      `${path} belongs to the user ${uid}, who can read and change it, ` +
        `and the gateway runs as ${user}: chown ${user} ${path}`,
      { command: `chown ${user} ${shellWord(path)}` },
    )
  const forbidden = uid === user ? OTHERS : NOT_OF_GROUP
  if ((mode & forbidden) === 0) return
  const found = (mode & 0o777).toString(8).padStart(4, '0')
  throw new Fault(
    'configuration',
    `others may read or write ${path}: expected mode 0600, found ${found}; ` +
      `chmod 600 ${path}, and replace it if others can have read it`,
    { command: `chmod 600 ${shellWord(path)}` },
  )
}
