// Certificates, keys, revocation lists, types of documents and receivers replaced while a sender
// runs: what changed is read and tried out first, then everything is replaced at once. What is
// broken replaces nothing, and is reported once.
import { amount, asFault, configurationPath, digestFiles, keepLooking, type Looks } from '@seg/core'
import {
  checkReplacement,
  loadSenderCredentials,
  type SenderCredentials,
  type SenderFolder,
  senderFiles,
} from './sender-credentials.ts'

export type LiveSender = {
  readonly current: SenderCredentials
  replace(next: SenderCredentials): void
}

/** A look has ended when what was found is in use, or was refused. */
export function followSender(
  folder: SenderFolder,
  live: LiveSender,
  { now, note }: { readonly now: () => Date; readonly note: (line: string) => void },
): Looks {
  const file = configurationPath(folder.config)
  const digest = () => digestFiles(senderFiles(folder, file, live.current))
  /** Of what is in use; at first unknown, for much may change while the outbox is opened. */
  let inUse = ''
  /** Of what was refused last: reported once, tried again at each look, for its dates may come. */
  let refused = ''

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
      // The same, and what is broken is reported once.
      if (found !== (await digest())) return
      const { code, detail } = asFault(error)
      if (refused !== found) note(`what changed is not taken, the former stays in use: ${code}: ${detail}`)
      refused = found
    }
  }
  return keepLooking(lookOnce)
}

function describe({ identity, receivers, trust, types }: SenderCredentials): string {
  const { length } = trust.authorities
  return (
    `in use from now on: sender.crt until ${identity.certificate.validTo}, ` +
    `${amount(length, 'CA')}, ${amount(trust.revocation.size, 'revocation list')}, ` +
    `${amount(receivers.size, 'receiver')}, documents ${types.map(({ name }) => name).join(' ')}`
  )
}
