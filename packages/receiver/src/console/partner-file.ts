// The configuration file as the operators' listener reads and changes it.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ConfigurationFile,
  changeRecord,
  Fault,
  findRecord,
  parseConfiguration,
  pathForFile,
  quote,
  readConfigurationFile,
  writeDurableFile,
} from '@seg/core'
import type { AnnouncedCertificate, NewAuthority, PartnerFile, TrustEdit, TrustText } from '@seg/operators'
import { fetchedListsFolder, judgeCertificate, loadTrust, loadTrustPolicy, type TrustRecord } from '@seg/pki'
import { changeTrust, partnerWithState, type TrustPlace } from '../credentials/change-trust.ts'
import { withAll, withAuthority, withoutAuthority, withoutPartner } from '../credentials/edit-trust.ts'
import { readTrust, trustValues } from '../credentials/read-trust.ts'
import { listReceived, type Received } from '../rollover/announcements.ts'
import { acceptAnnounced, refuseAnnounced } from '../rollover/decide-announced.ts'

export function openPartnerFile(place: TrustPlace): PartnerFile {
  const { certs, data, config } = place
  return {
    read: async () => (await readTrust(config)).record,
    text: async () => trustValues(await readConfigurationFile(config)),
    async change(edit, { isDryRun, check }) {
      const files = await writeFiles(certs, edit)
      let found: { before: TrustText; after: TrustText } | undefined
      try {
        await changeTrust(
          place,
          (file, record) => {
            const before = trustValues(file)
            check(before)
            const text = edited(edit, file, record, files.paths)
            found = { before, after: trustValues(parseConfiguration(file.path, text)) }
            return text
          },
          isDryRun,
        )
        if (isDryRun) await files.remove()
      } catch (error) {
        await files.remove()
        throw error
      }
      if (found === undefined) throw new TypeError('the file was changed without its editor')
      return found
    },
    announced: async () => (await listReceived(data)).toReversed().map(announcedFacts),
    decideAnnounced: async ({ fingerprint: digest, partner }, decision, now) =>
      announcedFacts(
        decision === 'accepted'
          ? await acceptAnnounced(place, { digest, partner }, now)
          : await refuseAnnounced(data, { digest, partner }),
      ),
    async judge(octets, now) {
      const { path: file, record } = await readTrust(config)
      const fetched = fetchedListsFolder(data)
      const policy = await loadTrustPolicy(record, await loadTrust(certs), { certs, file, fetched })
      return judgeCertificate(octets, policy, now)
    },
  }
}

function announcedFacts({ sender, document, announcement, at, state, reason }: Received): AnnouncedCertificate {
  const { certificate, uses, from, until } = announcement
  return {
    ...{ partner: sender, document, uses, state, reason: reason ?? null },
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: certificate.subject?.replaceAll('\n', ', ') ?? '',
    from: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    at: at.toISOString(),
  }
}

type Files = { readonly anchors: string; readonly intermediates: string | undefined }

function edited(edit: TrustEdit, file: ConfigurationFile, record: TrustRecord, files: Files | undefined): string {
  switch (edit.kind) {
    case 'state':
      return partnerWithState(file, record, edit.id, edit.state)
    case 'partner':
      return editedPartner(edit, file, record)
    case 'authority': {
      if (edit.authority === undefined || files === undefined) return withoutAuthority(file, record, edit.name)
      const paths = Object.entries(files).flatMap(([name, path]) =>
        path === undefined ? [] : [[name, pathForFile(file.path, path)]],
      )
      return withAuthority(file, record, edit.name, { ...Object.fromEntries(paths), ...edit.authority.more })
    }
    case 'all':
      checkNamedFiles(edit, trustValues(file))
      return withAll(file, edit)
  }
}

function editedPartner(
  { id, record: value, isNew }: Extract<TrustEdit, { kind: 'partner' }>,
  file: ConfigurationFile,
  record: TrustRecord,
): string {
  if (value === undefined) return withoutPartner(file, record, id)
  const isKnown = findRecord(file, 'partners', id) !== undefined
  if (isKnown && isNew) throw new Fault('act-impossible', `${quote(id)} has a record already; change that`)
  if (!isKnown && !isNew) throw new Fault('not-found', `no partner ${quote(id)} has a record`)
  return changeRecord(file.text, { list: ['partners'], id, record: { ...value, id } })
}

/**
 * Certificates of an authority under the name of their digest. Crash before the configuration names
 * them: files that nothing reads.
 */
async function writeFiles(certs: string, edit: TrustEdit) {
  const made: string[] = []
  const write = async (pem: string) => {
    const name = createHash('sha256').update(pem).digest('hex').slice(0, 32)
    const path = join(certs, 'authorities', `${name}.pem`)
    if (!existsSync(path)) {
      await writeDurableFile(path, pem, { mode: 0o644 })
      made.push(path)
    }
    return path
  }
  const remove = async () => {
    for (const path of made) await rm(path, { force: true })
  }
  const authority: NewAuthority | undefined = edit.kind === 'authority' ? edit.authority : undefined
  if (authority === undefined) return { paths: undefined, remove }
  const { anchorsPem, intermediatesPem } = authority
  const anchors = await write(anchorsPem)
  const intermediates = intermediatesPem === undefined ? undefined : await write(intermediatesPem)
  return { paths: { anchors, intermediates }, remove }
}

/**
 * Whoever has no shell here names no other file of this machine: what is in a file would show in
 * what the configuration says of it. Throws the Fault `parameter-invalid`.
 */
function checkNamedFiles(wanted: TrustText, before: TrustText): void {
  const known = new Set(filesOf(before.trust))
  const other = filesOf(wanted.trust).find(path => !known.has(path))
  if (other !== undefined)
    throw new Fault(
      'parameter-invalid',
      `expected files that seg.yaml names already, found ${quote(other)}; PUT authorities/NAME takes certificates`,
    )
}

/** Every text under `authorities` that is read as the name of a file. */
function filesOf(trust: unknown): string[] {
  const { authorities } = Object(trust) as { authorities?: unknown }
  return Object.values(Object(authorities) as object).flatMap(authority => {
    const { anchors, intermediates, revocation } = Object(authority) as Record<string, unknown>
    const lists = [(Object(revocation) as { crl?: unknown }).crl].flat()
    return [anchors, intermediates, ...lists.filter(list => !/^https?:\/\//i.test(`${list}`))]
      .filter(path => path !== undefined)
      .map(path => `${path}`)
  })
}
