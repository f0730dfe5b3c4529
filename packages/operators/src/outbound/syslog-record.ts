// A collector of syslog as a record of seg.yaml.
import { dirname, resolve } from 'node:path'
import { optional, type ReadNode, record, required, text } from '@seg/core'
import { loadOutboundContext } from './outbound-tls.ts'
import type { SyslogServer } from './syslog.ts'

export type SyslogRecord = {
  readonly to: { readonly host: string; readonly port: number }
  readonly ca: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
}

/** RFC 5425 4.1. */
const USUAL_PORT = 6514

const place = text('the host and port of a collector that speaks TLS, such as logs.example.org:6514', value => {
  const [, name, ipv6, port = USUAL_PORT] =
    /^(?:([A-Za-z0-9._-]+)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,5}))?$/.exec(value) ?? []
  const host = name ?? ipv6
  return host !== undefined && Number(port) > 0 && Number(port) < 65_536 ? { host, port: Number(port) } : undefined
})
/** In the folder of seg.yaml, unless it is absolute. */
export const file = text('a file', value => value)

export const syslogRecord: ReadNode<SyslogRecord> = record({
  to: required(place),
  ca: optional(file),
  certificate: optional(file),
  key: optional(file),
})

/** `configuration`: the path of seg.yaml. Throws the Fault `configuration`. */
export async function loadSyslogServer(configuration: string, record: SyslogRecord): Promise<SyslogServer> {
  const [ca, certificate, key] = [record.ca, record.certificate, record.key].map(
    name => name && resolve(dirname(configuration), name),
  )
  return { ...record.to, secureContext: await loadOutboundContext({ ca, certificate, key }) }
}
