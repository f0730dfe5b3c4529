// Where records are forwarded to: lines at the end of a file, and a collector of syslog. What is
// forwarded is the canonical JSON itself, so its reader can follow the chain of digests.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault, isSystemError, nameKind, syncFolder } from '@seg/core'
import { type SyslogServer, sendSyslog } from '../outbound/syslog.ts'
import type { AuditRecord } from './audit-record.ts'
import type { KeptRecord } from './audit-trail.ts'

export type AuditSink = {
  readonly kind: 'file' | 'syslog'
  /** Of its cursor, which it has for itself: another place gets the whole trail. */
  readonly name: string
  /** Resolves when the sink has them. */
  take(records: readonly KeptRecord[], signal: AbortSignal): Promise<void>
}

const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY
const LINE_END = '\n'

/** The file is opened again for each batch: what rotates it may move it at any time. */
export function fileSink(path: string): AuditSink {
  return {
    kind: 'file',
    name: `file ${path}`,
    async take(records) {
      const { handle, isNew } = await openSinkFile(path)
      try {
        const stats = await handle.stat()
        if (!stats.isFile())
          throw new Fault('configuration', `expected a file for audit records at ${path}, found ${nameKind(stats)}`)
        if (isNew) await handle.chmod(0o640)
        // A crash, or a full disk, may have cut the last line; its record comes again.
        const last = Buffer.alloc(1)
        if (stats.size > 0) await handle.read(last, 0, 1, stats.size - 1)
        const isCut = stats.size > 0 && last.toString('latin1') !== LINE_END
        await handle.appendFile((isCut ? LINE_END : '') + records.map(({ text }) => text + LINE_END).join(''))
        // Crash before: the records may be missing, and come again. After: they are there.
        await handle.datasync()
      } finally {
        await handle.close()
      }
      if (isNew) await syncFolder(dirname(path))
    },
  }
}

async function openSinkFile(path: string) {
  try {
    return { handle: await open(path, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600), isNew: true }
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error
    return { handle: await open(path, APPEND), isNew: false }
  }
}

export function syslogSink(server: SyslogServer): AuditSink {
  return {
    kind: 'syslog',
    name: `syslog ${server.host}:${server.port}`,
    take: (records, signal) => sendSyslog(server, records.map(messageOf), signal),
  }
}

function messageOf({ number, text }: KeptRecord) {
  const { at, action, outcome } = JSON.parse(text) as AuditRecord
  const severity = outcome === 'failure' ? 'warning' : 'notice'
  return { facility: 'log audit', severity, at: new Date(at), kind: action, sequence: number, text } as const
}
