// Certificates, keys, revocation lists, types of documents and receivers replaced while a sender
// runs: what changed is read and tried out first, then everything is replaced at once. What is
// broken replaces nothing, and is reported once.
import { amount, asFault, configurationPath, digestFiles } from '@seg/core'
import {
  checkReplacement,
  loadSenderCredentials,
  type SenderCredentials,
  type SenderFolder,
  senderFiles,
} from './sender-credentials.ts'

/** Milliseconds between two looks. */
const LOOK_INTERVAL = 2_000

export type LiveSender = {
  readonly current: SenderCredentials
  replace(next: SenderCredentials): void
}

export type FollowingSender = {
  /** Looks now. Resolves when what was found is in use, or was refused. */
  look(): Promise<void>
  close(): Promise<void>
}

/** Looks every two seconds, and on SIGHUP. */
export function followSender(
  folder: SenderFolder,
  live: LiveSender,
  { now, note }: { readonly now: () => Date; readonly note: (line: string) => void },
): FollowingSender {
  const file = configurationPath(folder.config)
  const digest = () => digestFiles(senderFiles(folder, file, live.current))
  /** Of what is in use; at first unknown, for much may change while the outbox is opened. */
  let inUse = ''
  /** Of what was refused last: reported once, tried again at each look, for its dates may come. */
  let refused = ''
  let looking = Promise.resolve()

  const lookOnce = async () => {
    const found = await digest()
    if (found === inUse) return
    try {
      const next = await loadSenderCredentials(folder, live.current)
      checkReplacement(next, live.current, now())
      // Changed while it was read: the next look has it.
      if (found !== (await digest())) return
      live.replace(next)
      if (inUse !== '') note(describe(next))
      inUse = await digest()
      refused = ''
    } catch (error) {
      const { code, detail } = asFault(error)
      if (refused !== found) note(`what changed is not taken, the former stays in use: ${code}: ${detail}`)
      refused = found
    }
  }
  const look = () => {
    looking = looking.then(lookOnce)
    return looking
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_INTERVAL)
  timer.unref()
  const onHangup = () => void look()
  process.on('SIGHUP', onHangup)
  return {
    look,
    async close() {
      clearInterval(timer)
      process.off('SIGHUP', onHangup)
      await looking
    },
  }
}

function describe({ identity, receivers, trust, types }: SenderCredentials): string {
  const { length } = trust.authorities
  return `in use from now on: sender.crt until ${identity.certificate.validTo}, ${amount(length, 'CA')}, ${amount(trust.revocation.size, 'revocation list')}, ${receivers.size} receivers, documents ${types.map(({ name }) => name).join(' ')}`
}
