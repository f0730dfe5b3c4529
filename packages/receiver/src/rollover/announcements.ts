// Announcements that were received, a file each in the data folder: what was announced, by which
// certificates, and what came of it. None is deleted.
import { createHash, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, makeDurableFolder, quote, readInput, writeDurableFile } from '@seg/core'
import type { Announcement } from '@seg/xmldsig'
import type { Present } from './plan-rollover.ts'

/** `waiting` for an operator; `taken`: both certificates count, each in its time. */
export type State = 'waiting' | 'taken' | 'refused'

export type Received = {
  readonly sender: string
  /** Id of the document, and SHA-256 of its bytes: it is in the ledger. */
  readonly document: string
  readonly sha256: string
  readonly announcement: Announcement
  readonly present: Present
  readonly at: Date
  readonly state: State
  /** Why it waits. */
  readonly reason?: string | undefined
}

/** Announcements of one partner in a day. */
const MOST_A_DAY = 8
const DAY = 86_400_000

/** Durable when it resolves. */
export async function keepReceived(data: string, received: Received): Promise<void> {
  const { announcement, present, at, ...rest } = received
  const pems = (chain: readonly X509Certificate[]) => chain.map(one => one.toString())
  const text = JSON.stringify({
    ...rest,
    at: at.toISOString(),
    uses: announcement.uses,
    from: announcement.from,
    until: announcement.until,
    certificate: announcement.certificate.toString(),
    present: { tls: pems(present.tls), sign: pems(present.sign) },
  })
  const folder = folderOf(data, received.sender)
  await makeDurableFolder(folder)
  // Crash before: the announcement is in the ledger, and its sender's next try writes this. After:
  // it has its state.
  await writeDurableFile(join(folder, nameOf(received)), `${text}\n`, { mode: 0o600, replace: true })
}

export async function findReceived(data: string, sender: string, sha256: string): Promise<Received | undefined> {
  const folder = folderOf(data, sender)
  const name = (await namesIn(folder)).find(one => one.endsWith(`-${sha256}.json`))
  return name === undefined ? undefined : read(join(folder, name))
}

/** The oldest first. */
export async function listReceived(data: string): Promise<Received[]> {
  const folders = await readdir(join(data, 'rollover')).catch(orNothing)
  const lists = await Promise.all(folders.map(name => listOf(join(data, 'rollover', name))))
  return lists.flat().sort((a, b) => a.at.getTime() - b.at.getTime())
}

/** Throws the Fault `rate-limit`: each announcement is a file, and may be an operator's work. */
export async function checkRoom(data: string, sender: string, now: Date): Promise<void> {
  const since = timeOf(new Date(now.getTime() - DAY))
  const { length } = (await namesIn(folderOf(data, sender))).filter(name => name > since)
  if (length >= MOST_A_DAY) throw new Fault('rate-limit', `${length} announcements of ${quote(sender)} came in a day`)
}

/** By digest: an id holds characters that a name of a folder may not have. */
function folderOf(data: string, sender: string): string {
  return join(data, 'rollover', createHash('sha256').update(sender).digest('hex').slice(0, 32))
}

/** In the order of their times. */
function nameOf({ at, sha256 }: Received): string {
  return `${timeOf(at)}-${sha256}.json`
}

function timeOf(at: Date): string {
  return at.toISOString().replace(/[-:.]/g, '')
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(orNothing)
  return names.filter(name => /^\d{8}T\d{9}Z-[0-9a-f]{64}\.json$/.test(name))
}

async function listOf(folder: string): Promise<Received[]> {
  return (await namesIn(folder)).map(name => read(join(folder, name)))
}

function read(path: string): Received {
  try {
    const { uses, from, until, certificate, present, at, ...rest } = JSON.parse(
      readInput(path, { onlyFile: true }).toString('utf8'),
    )
    const parse = (pems: readonly string[]) => pems.map(pem => new X509Certificate(pem))
    return {
      ...rest,
      at: new Date(at),
      announcement: { uses, from, until, certificate: new X509Certificate(certificate) },
      present: { tls: parse(present.tls), sign: parse(present.sign) },
    }
  } catch (cause) {
    throw new Fault('storage-unavailable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}

function orNothing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw new Fault('storage-unavailable', error.message, { cause: error })
}
