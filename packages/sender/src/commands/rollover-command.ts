// `sender rollover`: our next certificate, announced to receivers while the present one counts, and
// then taken into use.
import { type Command, Fault, openOutput, quote, readSettings, resolveUserPath } from '@seg/core'
import { installIdentity, parseCertificate, readCertsFile } from '@seg/pki'
import type { Announcement } from '@seg/xmldsig'
import { senderSections } from '../configuration-sections.ts'
import { openGateway } from '../delivery/open-gateway.ts'
import { systemClock } from '../delivery/system-clock.ts'
import { queueAnnouncement } from '../rollover/announce.ts'
import { type Announced, listAnnounced } from '../rollover/announced.ts'
import { announceNow } from '../rollover/announcement-loop.ts'
import { openExplained } from './delivery-checks.ts'

type AnnounceOptions = {
  readonly certificate: string
  readonly url?: URL
  readonly for?: string
  readonly from?: string
  readonly until?: string
}

const DAY = 86_400_000
/** Milliseconds for which both count when nothing else is said. */
const OVERLAP = 30 * DAY

export async function runAnnouncementList(_options: object, command: Command): Promise<void> {
  const all = await listAnnounced(readSettings(command, ['data']).data)
  const announcements = all.map(({ certificate: _pem, ...shown }) => shown)
  openOutput(command).report(
    { announcements },
    announcements.length > 0 ? announcements.map(describe).join('\n') : 'nothing was announced',
  )
}

export async function runRolloverAnnounce(id: string, options: AnnounceOptions, command: Command): Promise<void> {
  const output = openOutput(command)
  const { timeout, ...settings } = readSettings(command, ['certs', 'data', 'timeout', 'lifetime'], senderSections)
  const path = resolveUserPath(options.certificate)
  const certificate = parseCertificate(path, await readCertsFile(path, 'expected the next certificate there'))
  const announcement = announcementOf(certificate, options, new Date())
  await using gateway = await openExplained(command, () =>
    openGateway({ ...settings, config: command.opts().config }, { note: output.say, clock: systemClock }),
  )
  const url = options.url ?? gateway.receivers.get(id)?.url
  if (url === undefined)
    throw new Fault('receiver-unknown', `${quote(id)} is not registered: expected --url URL, where it is`)
  const queued = await queueAnnouncement(announcement, { id, url }, gateway)
  const onWait = (reason: string, wait: number) => output.say(`${reason}; again in ${(wait / 1000).toFixed(1)} s`)
  const patience = { timeout: timeout * 1000, onWait }
  const { certificate: _pem, ...announced } = await announceNow(queued, { ...gateway, patience })
  output.report({ ok: true, ...announced }, describe(announced))
}

/** Throws the Fault `usage`. */
function announcementOf(
  certificate: Announcement['certificate'],
  { for: named = 'tls,sign', from, until }: AnnounceOptions,
  now: Date,
): Announcement {
  const uses = (['tls', 'sign'] as const).filter(use => named.split(',').includes(use))
  if (uses.length !== named.split(',').length)
    throw new Fault('usage', `expected --for tls,sign, --for tls or --for sign, found ${quote(named)}`)
  const begin = from === undefined ? now.getTime() : parseTime(from, 'from')
  const latest = certificate.validToDate.getTime() - 1000
  const usual = Math.min(Math.max(begin, now.getTime()) + OVERLAP, latest)
  return { uses, from: begin, until: until === undefined ? usual : parseTime(until, 'until'), certificate }
}

function parseTime(text: string, name: string): number {
  const time = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/.test(text) && !Number.isNaN(time)) return time
  throw new Fault('usage', `--${name}: expected 2027-03-01 or 2027-03-01T12:00:00Z, found ${quote(text)}`)
}

type FinishOptions = { readonly certificate: string; readonly signing?: boolean }

/**
 * The next certificate takes the place of the present one. Throws the Fault `usage` when a receiver
 * has not got it yet, or not all accept it yet.
 */
export async function runRolloverFinish({ certificate, signing }: FinishOptions, command: Command): Promise<void> {
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const path = resolveUserPath(certificate)
  if (!path.endsWith('.crt')) throw new Fault('usage', 'expected --certificate NAME.crt, with NAME.key beside it')
  const { fingerprint256 } = parseCertificate(path, await readCertsFile(path, 'expected the next certificate there'))
  const name = signing === true ? 'signing' : 'sender'
  const use = signing === true ? 'sign' : 'tls'
  const now = new Date()
  checkAnnounced(await listAnnounced(data), fingerprint256, use, now)
  const kept = await installIdentity(certs, name, path.slice(0, -'.crt'.length), now)
  openOutput(command).report(
    { ok: true, certificate: fingerprint256, installed: `${name}.crt`, kept },
    `${name}.crt is the next certificate now; ` +
      `those before are kept in ${kept}; a running \`sender deliver\` takes it on`,
  )
}

function checkAnnounced(all: readonly Announced[], sha256: string, use: string, now: Date): void {
  const own = all.filter(one => one.sha256 === sha256 && one.uses.includes(use))
  const accepted = own.filter(({ acceptedAt }) => acceptedAt !== null)
  if (accepted.length === 0)
    throw new Fault('usage', 'no receiver has it: `pnpm --filter sender rollover announce ID --certificate FILE` first')
  const lacking = own.find(({ receiver }) => !accepted.some(one => one.receiver === receiver))
  if (lacking !== undefined)
    throw new Fault(
      'usage',
      `${quote(lacking.receiver)} has not answered with a receipt: ` +
        '`sender deliver` continues, or announce it there once more',
    )
  const early = accepted.find(({ from }) => Date.parse(from) > now.getTime())
  if (early !== undefined) throw new Fault('usage', `${quote(early.receiver)} takes it from ${early.from} on`)
}

function describe({ receiver, sha256, from, until, acceptedAt, ...one }: Omit<Announced, 'certificate'>): string {
  const why = one.reason === null ? '' : `, ${one.reason}`
  const state = acceptedAt === null ? `NO RECEIPT, ${one.state}${why}` : `received ${acceptedAt}`
  return `${quote(receiver)}  ${sha256}\n  from ${from}, the present one until ${until}: ${state}`
}
