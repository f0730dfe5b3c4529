// `receiver partners`: who may send, read and changed in the configuration file, which a running
// receiver follows.
import {
  type Command,
  changeRecord,
  exportRecords,
  Fault,
  findRecord,
  formatYaml,
  openOutput,
  parseConfiguration,
  pathForFile,
  quote,
  readConfigurationFile,
  readImported,
  readSettings,
  reportImport,
  resolveUserPath,
} from '@seg/core'
import { readPinnedCertificate, type TrustRecord } from '@seg/pki'
import {
  type ChangedTrust,
  changeTrust,
  type EditTrust,
  noPartnerRecord,
  setPartnerState,
  type TrustPlace,
} from '../credentials/change-trust.ts'
import { withAll, withAuthority, withoutAuthority, withoutPartner } from '../credentials/edit-trust.ts'
import { parseTrust, readTrust, trustValues } from '../credentials/read-trust.ts'
import { recordWhileStopped } from '../credentials/record-while-stopped.ts'
import { SOME_OPERATOR } from '../credentials/trust-journal.ts'

type Rule = Record<string, unknown>
type AddOptions = {
  readonly name?: string
  readonly contact?: string
  readonly certificate?: string
  readonly authority?: string
  readonly subject?: readonly string[]
  readonly sha256?: string
  readonly spki?: string
  readonly sanUri?: string
  readonly for?: string
  readonly from?: string
  readonly until?: string
  readonly config?: string
}
type TrustOptions = {
  readonly anchors?: string
  readonly intermediates?: string
  readonly crl?: readonly string[]
  readonly needCrl?: boolean
  readonly grace?: string
  readonly refresh?: string
  readonly from?: string
  readonly until?: string
  readonly remove?: boolean
  readonly config?: string
}

export async function runPartnersList(_options: object, command: Command): Promise<void> {
  const { partners, mode, authorities } = (await readTrust(command.opts().config)).record
  const facts = partners.map(partner => ({
    id: partner.id,
    name: partner.name ?? null,
    state: partner.state,
    certificates: partner.certificates.length,
  }))
  const lines = facts.map(
    ({ id, name, state }) => `${state.padEnd(9)}  ${quote(id)}${name === null ? '' : `  ${name}`}`,
  )
  const heading =
    mode === 'ca'
      ? 'every gateway with a certificate of certs/ca.crt is a partner; these have a record:'
      : `partners, by certificates of ${authorities.map(({ name }) => name).join(', ') || 'no authority (pins only)'}:`
  openOutput(command).report({ mode, partners: facts }, [heading, ...(lines.length > 0 ? lines : ['none'])].join('\n'))
}

export async function runPartnersShow(id: string, _options: object, command: Command): Promise<void> {
  const file = await readConfigurationFile(command.opts().config)
  const { record } = parseTrust(file)
  if (!record.partners.some(partner => partner.id === id)) throw noPartnerRecord(id, record)
  const value = findRecord(file, 'partners', id) as object
  openOutput(command).report(value, formatYaml(value).trimEnd())
}

export async function runPartnersAdd(id: string, options: AddOptions, command: Command): Promise<void> {
  const rule = await ruleOf(id, options)
  await change(command, ({ path, text }, record) => {
    const known = findRecord(parseConfiguration(path, text), 'partners', id)
    if (known !== undefined && rule === undefined && options.name === undefined && options.contact === undefined)
      throw new Fault('usage', `${quote(id)} has a record; expected what to add to it, such as --certificate FILE`)
    if (record.mode === 'listed' && known === undefined && rule === undefined)
      throw new Fault(
        'usage',
        `expected how ${quote(id)} is recognized: --authority NAME, --certificate FILE, --sha256 or --spki`,
      )
    const certificates = [...((known?.certificates as Rule[] | undefined) ?? []), ...(rule === undefined ? [] : [rule])]
    const changed = {
      ...known,
      id,
      ...(options.name !== undefined && { name: options.name }),
      ...(options.contact !== undefined && { contact: options.contact }),
      ...(certificates.length > 0 && { certificates }),
    }
    return changeRecord(text, { list: ['partners'], id, record: changed })
  })
  openOutput(command).report(
    { id, added: true },
    `${quote(id)} is a partner; a running receiver takes it on within seconds`,
  )
}

/**
 * The one rule that the options describe; undefined when they describe none. Throws the Fault
 * `usage`.
 */
async function ruleOf(id: string, options: AddOptions): Promise<Rule | undefined> {
  const { certificate, authority, subject, sha256, spki, sanUri, from, until } = options
  const pin = certificate === undefined ? sha256 : await fingerprintOf(resolveUserPath(certificate))
  if ([pin, authority, spki, sanUri, subject].every(value => value === undefined)) return undefined
  const isNamed = subject !== undefined || sanUri !== undefined || pin !== undefined || spki !== undefined
  return {
    for: (options.for ?? 'tls,sign').split(','),
    ...(authority !== undefined && { authority }),
    // A gateway is named by its CN, unless something else is said.
    ...(subject !== undefined && { subject: Object.fromEntries(subject.map(parseAttribute)) }),
    ...(!isNamed && { subject: { CN: id } }),
    ...(pin !== undefined && { sha256: pin }),
    ...(spki !== undefined && { spki }),
    ...(sanUri !== undefined && { san: { uri: sanUri } }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  }
}

function parseAttribute(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new Fault('usage', `expected --subject NAME=VALUE, such as CN=gateway, found ${quote(text)}`)
  return [text.slice(0, at), text.slice(at + 1)]
}

async function fingerprintOf(path: string): Promise<string> {
  return (await readPinnedCertificate(path)).fingerprint256
}

export async function runPartnersSuspend(id: string, _options: object, command: Command): Promise<void> {
  await changed(command, place => setPartnerState(place, id, 'suspended'))
  openOutput(command).report(
    { id, state: 'suspended' },
    `${quote(id)} is suspended: a running receiver ends its connections within seconds`,
  )
}

export async function runPartnersResume(id: string, _options: object, command: Command): Promise<void> {
  await changed(command, place => setPartnerState(place, id, 'active'))
  openOutput(command).report({ id, state: 'active' }, `${quote(id)} is active`)
}

export async function runPartnersRemove(id: string, _options: object, command: Command): Promise<void> {
  await change(command, (file, record) => withoutPartner(file, record, id))
  openOutput(command).report({ id, removed: true }, `${quote(id)} has no record any more`)
}

export async function runPartnersTrust(name: string, options: TrustOptions, command: Command): Promise<void> {
  if (options.remove !== true && options.anchors === undefined)
    throw new Fault('usage', 'expected --anchors FILE with the certificates of the authority, or --remove')
  let isSwitched = false
  let moved: TrustRecord['partners'] = []
  await change(command, (configuration, record) => {
    if (options.remove === true) return withoutAuthority(configuration, record, name)
    isSwitched = record.mode === 'ca'
    moved = isSwitched ? record.partners : []
    const { path } = configuration
    const file = (given: string) => pathForFile(path, resolveUserPath(given))
    const revocation = {
      ...(options.needCrl === true && { need: 'crl' }),
      ...(options.crl !== undefined && {
        crl: options.crl.map(given => (/^[a-z]+:\/\//i.test(given) ? given : file(given))),
      }),
      ...(options.refresh !== undefined && { refresh: options.refresh }),
      ...(options.grace !== undefined && { grace: options.grace }),
    }
    return withAuthority(configuration, record, name, {
      anchors: file(options.anchors!),
      ...(options.intermediates !== undefined && { intermediates: file(options.intermediates) }),
      ...(options.from !== undefined && { from: options.from }),
      ...(options.until !== undefined && { until: options.until }),
      ...(Object.keys(revocation).length > 0 && { revocation }),
    })
  })
  const records = moved.map(({ id, state }) => `${quote(id)}${state === 'suspended' ? ' (suspended)' : ''}`).join(', ')
  const listed =
    records === '' ? '`partners add`' : `${records}, recognized by ${name} and the CN; others by \`partners add\``
  const after = isSwitched ? `; from now on only partners that are listed are accepted: ${listed}` : ''
  openOutput(command).report(
    { authority: name, ...(options.remove === true ? { removed: true } : { added: true }), listed: true },
    `the authority ${quote(name)} is ` +
      `${options.remove === true ? 'removed' : `relied on for partners that name it${after}`}`,
  )
}

export async function runPartnersExport(_options: object, command: Command): Promise<void> {
  const file = await readConfigurationFile(command.opts().config)
  parseTrust(file)
  await exportRecords(trustValues(file), command)
}

export async function runPartnersImport(file: string, _options: object, command: Command): Promise<void> {
  const imported = trustValues(await readImported(file))
  await change(command, configuration => withAll(configuration, imported))
  reportImport(['partners', 'partner'], imported.partners.length, command)
}

/** One change of trust; then it is an entry of the log. */
function change(command: Command, edit: EditTrust): Promise<void> {
  return changed(command, place => changeTrust(place, edit))
}

async function changed(command: Command, work: (place: TrustPlace) => Promise<ChangedTrust>): Promise<void> {
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const made = await work({ certs, data, config: command.opts().config })
  await recordWhileStopped(certs, data, made, SOME_OPERATOR)
}
