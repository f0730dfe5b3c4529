// `receiver log mirror FOLDER`: keeps a verified copy of the log elsewhere.
import {
  amount,
  asFault,
  type Command,
  type Fault,
  openOutput,
  openServiceOutput,
  pollLoop,
  readSettings,
  resolveUserPath,
  standardError,
} from '@seg/core'
import { openLogMirror, openNamedLedger } from '@seg/ledger'
import { loadVerifierKeys } from '@seg/pki'

/** Milliseconds between two looks at the log. */
const LOOK_INTERVAL = 1000

type MirrorOptions = { readonly once?: true }

/**
 * Without `--once` until it is stopped: a log that cannot be read is tried again, one that does not
 * continue what is mirrored ends it.
 */
export async function runLogMirror(folder: string, { once }: MirrorOptions, command: Command): Promise<void> {
  const output = once === true ? openOutput(command) : openServiceOutput(command)
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const place = resolveUserPath(folder)
  const keys = () => loadVerifierKeys(certs)
  const ledger = openNamedLedger(data)
  try {
    const mirror = await openLogMirror(place, await keys())
    try {
      const before = mirror.size
      const { size, root } = await mirror.follow(ledger.log, await keys())
      // Until here a signal ends the process; who reads that it follows may stop it in order.
      const stop = new AbortController()
      if (once !== true) for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
      output.report(
        { ok: true, folder: place, size, root: root.toString('base64'), added: size - before },
        `${place} has ${amount(size, 'entry')} of the log, ${size - before} new; root ${root.toString('base64')}`,
      )
      if (once !== true) await follow(async () => void (await mirror.follow(ledger.log, await keys())), stop)
    } finally {
      mirror.close()
    }
  } finally {
    await ledger.close()
  }
}

async function follow(look: () => Promise<void>, stop: AbortController): Promise<void> {
  let refused: Fault | undefined
  const lookOnce = async () => {
    try {
      await look()
    } catch (error) {
      const fault = asFault(error)
      if (fault.code !== 'log-invalid') throw error
      refused = fault
      stop.abort()
    }
  }
  const complain = (line: string) => void standardError.write(`the log is not mirrored: ${line}\n`)
  await pollLoop(lookOnce, { interval: LOOK_INTERVAL, signal: stop.signal, complain })
  if (refused !== undefined) throw refused
}
