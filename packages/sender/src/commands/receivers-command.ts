// `sender receivers`: whom documents go to, read and changed in the configuration file, which a
// running `sender deliver` follows.
import { dirname, resolve } from 'node:path'
import {
  type Command,
  type ConfigurationFile,
  changeConfigurationFile,
  changeRecord,
  changeValue,
  exportRecords,
  Fault,
  findRecord,
  formatYaml,
  noRecordOf,
  openOutput,
  Problems,
  parseConfiguration,
  pathForFile,
  quote,
  readConfigurationFile,
  readImported,
  recordValues,
  reportImport,
  resolveUserPath,
} from '@seg/core'
import { loadTrustFiles, type ReceiverRecord, readReceivers } from '@seg/pki'

type AddOptions = {
  readonly url?: URL
  readonly name?: string
  readonly contact?: string
}
type TrustOptions = { readonly anchors?: string; readonly crl?: readonly string[]; readonly remove?: boolean }

const KEY = 'receivers'

export async function runReceiversList(_options: object, command: Command): Promise<void> {
  const records = parse(await readConfigurationFile(command.opts().config))
  const facts = records.map(({ id, name, state, url, trust }) => ({
    ...{ id, name: name ?? null, state, url: url.origin },
    trust: trust?.anchors ?? 'ca.crt',
  }))
  const lines = facts.map(({ id, state, url, trust }) => `${state.padEnd(9)}  ${quote(id)}  ${url}  ${trust}`)
  openOutput(command).report(
    { receivers: facts },
    lines.length > 0 ? lines.join('\n') : 'no receivers: documents go to the address of --to',
  )
}

export async function runReceiversShow(id: string, _options: object, command: Command): Promise<void> {
  const file = await readConfigurationFile(command.opts().config)
  const value = known(id, file, parse(file))
  openOutput(command).report(value, formatYaml(value).trimEnd())
}

export async function runReceiversAdd(id: string, { url, name, contact }: AddOptions, command: Command): Promise<void> {
  await change(command, ({ path, text }) => {
    const before = findRecord(parseConfiguration(path, text), KEY, id)
    if (before === undefined && url === undefined) throw new Fault('usage', `expected --url URL: where ${quote(id)} is`)
    const record = {
      ...before,
      id,
      ...(url !== undefined && { url: url.origin }),
      ...(name !== undefined && { name }),
      ...(contact !== undefined && { contact }),
    }
    return changeRecord(text, { list: [KEY], id, record })
  })
  openOutput(command).report(
    { id, added: true },
    `${quote(id)} is registered: documents whose ReceiverID it is go there; certs/log.pub needs the line of its log`,
  )
}

export async function runReceiversSuspend(id: string, _options: object, command: Command): Promise<void> {
  await setState(id, 'suspended', command)
}

export async function runReceiversResume(id: string, _options: object, command: Command): Promise<void> {
  await setState(id, 'active', command)
}

async function setState(id: string, state: ReceiverRecord['state'], command: Command): Promise<void> {
  await change(command, (file, records) =>
    changeRecord(file.text, { list: [KEY], id, record: { ...known(id, file, records), id, state } }),
  )
  const what = state === 'active' ? 'is active' : 'is suspended: nothing is sent to it, documents stay queued'
  openOutput(command).report({ id, state }, `${quote(id)} ${what}`)
}

export async function runReceiversRemove(id: string, _options: object, command: Command): Promise<void> {
  await change(command, (file, records) => {
    known(id, file, records)
    return changeRecord(file.text, { list: [KEY], id, record: undefined })
  })
  openOutput(command).report({ id, removed: true }, `${quote(id)} has no record any more`)
}

export async function runReceiversTrust(id: string, options: TrustOptions, command: Command): Promise<void> {
  const { anchors, crl, remove } = options
  if ((remove === true) === (anchors !== undefined))
    throw new Fault('usage', 'expected --anchors FILE with the CAs of the receiver, or --remove: those of ca.crt')
  await change(command, (file, records) => {
    const { trust: _before, ...rest } = known(id, file, records)
    const at = (given: string) => pathForFile(file.path, resolveUserPath(given))
    const trust = anchors && { anchors: at(anchors), ...(crl !== undefined && { crl: crl.map(at) }) }
    return changeRecord(file.text, { list: [KEY], id, record: { ...rest, id, ...(trust && { trust }) } })
  })
  openOutput(command).report(
    { id, trust: anchors ?? 'ca.crt' },
    `${quote(id)} is held to ${anchors === undefined ? 'the CAs in ca.crt' : `the CAs in ${anchors}, and no others`}`,
  )
}

export async function runReceiversExport(_options: object, command: Command): Promise<void> {
  const file = await readConfigurationFile(command.opts().config)
  parse(file)
  await exportRecords({ receivers: recordValues(file, KEY) }, command)
}

export async function runReceiversImport(file: string, _options: object, command: Command): Promise<void> {
  const records = recordValues(await readImported(file), KEY)
  await change(command, before => changeValue(before.text, [KEY], records.length === 0 ? undefined : records))
  reportImport([KEY, 'receiver'], records.length, command)
}

function parse(file: ConfigurationFile): readonly ReceiverRecord[] {
  const problems = new Problems()
  const records = readReceivers(file, problems)
  problems.throwIfAny(file.path, file.text)
  return records
}

/** One change, tried out before it is written: what it names can be read. */
async function change(
  command: Command,
  edit: (file: ConfigurationFile, records: readonly ReceiverRecord[]) => string,
): Promise<void> {
  await changeConfigurationFile(command.opts().config, async before => {
    const text = edit(before, parse(before))
    for (const { id, trust, line } of parse(parseConfiguration(before.path, text))) {
      if (trust === undefined) continue
      const at = (path: string) => resolve(dirname(before.path), path)
      const advice = `${before.path}:${line} names it, for the receiver ${quote(id)}`
      await loadTrustFiles({ anchors: at(trust.anchors), crls: trust.crls.map(at) }, advice)
    }
    return text
  })
}

/** Throws the Fault `not-found`. */
function known(id: string, file: ConfigurationFile, records: readonly ReceiverRecord[]) {
  const found = findRecord(file, KEY, id)
  if (found !== undefined) return found
  throw noRecordOf(
    id,
    records.map(one => one.id),
  )
}
