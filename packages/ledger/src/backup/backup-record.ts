// What a backup says of itself, in a file that is written last: a folder without it is no backup.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, isSystemError, quote } from '@seg/core'
import { BACKUP_RECORD } from '../files/data-folder.ts'

export type BackupRecord = {
  readonly v: 1
  readonly owner: 'receiver' | 'sender'
  /** RFC 3339 in UTC with milliseconds: everything acknowledged before is in it. */
  readonly at: string
  /** Of the program that made it. */
  readonly version: string
  /** The name of a receiver's log; '' of a sender. */
  readonly of: string
  /** Of a receiver: entries, root in base64, and the latest checkpoint. */
  readonly log?: { readonly size: number; readonly root: string; readonly checkpoint: string }
  /** SHA-256 of each database, in hexadecimal, by its name. */
  readonly databases: Readonly<Record<string, string>>
  readonly documents: number
}

/** Throws the Fault `backup-invalid` for a folder that is no whole backup. */
export function readBackupRecord(folder: string): BackupRecord {
  const path = join(folder, BACKUP_RECORD)
  try {
    return parseRecord(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    const reason = isSystemError(cause, 'ENOENT') ? `it has no ${BACKUP_RECORD}` : `${BACKUP_RECORD}: ${cause.message}`
    throw new Fault('backup-invalid', `expected a whole backup at ${folder}: ${reason}`, { cause })
  }
}

function parseRecord(value: unknown): BackupRecord {
  const record = Object(value) as Partial<BackupRecord>
  if (record.v !== 1) throw new Error(`expected version 1, found ${quote(String(record.v))}`)
  const { owner, at, of, log, databases } = record
  if (owner !== 'receiver' && owner !== 'sender') throw new Error('expected an owner, receiver or sender')
  if (typeof at !== 'string' || typeof of !== 'string') throw new Error('expected at and of')
  if (typeof databases !== 'object' || databases === null) throw new Error('expected the digests of the databases')
  if (owner === 'receiver' && typeof log?.size !== 'number') throw new Error('expected the size of the log')
  return record as BackupRecord
}
