// The certificate of the operators' listener, replaced while the receiver runs: what is new is read
// first, and what is broken replaces nothing; the log says so.
import { join } from 'node:path'
import { asFault, digestFiles, Fault, keepLooking, type Looks } from '@seg/core'
import { type Identity, loadIdentity } from '@seg/pki'

type Options = {
  readonly certs: string
  /** In use. */
  readonly present: Identity
  readonly voice: { info(line: string): void; error(line: string): void }
}

/** A look has ended when what was found is in use, or was refused. */
export function followConsoleCertificate({ certs, present, voice }: Options, use: (next: Identity) => void): Looks {
  const files = ['console.crt', 'console.key'].map(name => join(certs, name))
  let inUse = present
  let inUseDigest = ''
  /** Logged once, and tried again at each look, for its dates may come. */
  let refused = ''
  return keepLooking(async () => {
    const found = await digestFiles(files)
    if (found === inUseDigest) return
    try {
      const next = await loadIdentity(certs, 'console')
      checkDates(next, new Date())
      // Changed while it was read: the next look has it.
      if (found !== (await digestFiles(files))) return
      if (next.certificatePem !== inUse.certificatePem || next.keyPem !== inUse.keyPem) {
        use(next)
        inUse = next
        voice.info(`the operators' listener uses another console.crt, valid until ${untilOf(next)}`)
      }
      inUseDigest = found
      refused = ''
    } catch (error) {
      // The same, and the log has each thing that is broken once.
      if (found !== (await digestFiles(files))) return
      if (refused !== found)
        voice.error(
          "the operators' listener: what changed is not taken, " +
            `the former console.crt stays in use: ${asFault(error).detail}`,
        )
      refused = found
    }
  })
}

/** The first may be out of date, for operators get in with a warning; another may not. */
function checkDates({ certificate }: Identity, now: Date): void {
  if (certificate.validFromDate <= now && now <= certificate.validToDate) return
  throw new Fault(
    'configuration',
    'expected a console.crt that is valid now, ' +
      `found one from ${certificate.validFromDate.toISOString()} until ${certificate.validToDate.toISOString()}`,
  )
}

function untilOf({ certificate }: Identity): string {
  return certificate.validToDate.toISOString()
}
