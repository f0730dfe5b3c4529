// The key `audit` of seg.yaml: where records are forwarded to.
import { dirname, resolve } from 'node:path'
import { type ConfigurationFile, type ConfigurationSection, optional, type Problems, record } from '@seg/core'
import { file, loadSyslogServer, type SyslogRecord, syslogRecord } from '../outbound/syslog-record.ts'
import { type AuditSink, fileSink, syslogSink } from './audit-sinks.ts'

const form = record({ file: optional(file), syslog: optional(syslogRecord) })

type AuditRecordOfFile = { readonly file: string | undefined; readonly syslog: SyslogRecord | undefined }

export const auditSection = {
  schema: { audit: form.schema! },
  read(configuration: ConfigurationFile, problems: Problems): AuditRecordOfFile | undefined {
    const node = configuration.entry('audit')
    return node && form(node, 'audit', problems)
  },
} satisfies ConfigurationSection

/** `configuration`: the path of seg.yaml. Throws the Fault `configuration`. */
export async function openAuditSinks(
  configuration: string,
  value: AuditRecordOfFile | undefined,
): Promise<readonly AuditSink[]> {
  const sinks: AuditSink[] = []
  if (value?.file !== undefined) sinks.push(fileSink(resolve(dirname(configuration), value.file)))
  if (value?.syslog !== undefined) sinks.push(syslogSink(await loadSyslogServer(configuration, value.syslog)))
  return sinks
}
