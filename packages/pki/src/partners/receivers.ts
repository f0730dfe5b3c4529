// The key `receivers` of seg.yaml (docs/partners.md#receivers): whom a sender sends to, where each
// is, and which CAs speak for it. Read strictly: all problems of a file at once.
import {
  type ConfigurationFile,
  type ConfigurationSection,
  listOf,
  optional,
  type Problems,
  quote,
  record,
  required,
  settings,
  text,
} from '@seg/core'
import type { PartnerState } from './partner.ts'
import { gatewayName, label, oneOf, path, yesOrNo } from './record-values.ts'

export type ReceiverRecord = {
  /** ReceiverID. */
  readonly id: string
  readonly name: string | undefined
  readonly state: PartnerState
  readonly url: URL
  /** Files, as they are written; undefined: `certs/ca.crt` and `ca.crl`. */
  readonly trust: { readonly anchors: string; readonly crls: readonly string[] } | undefined
  /** Whether its server must bring the answer of its CA about its certificate (OCSP stapling). */
  readonly requiresStapling: boolean
  /** In the configuration. */
  readonly line: number
}

/** What each document's ReceiverID is compared with. */
const MOST = 10_000

const address = text("a receiver's address, such as https://localhost:8443", value => {
  try {
    return settings.to.parse(value)
  } catch {
    return undefined
  }
})

const receivers = listOf(
  record({
    id: required(gatewayName),
    name: optional(label),
    contact: optional(label),
    state: optional(oneOf<PartnerState>('active', 'suspended')),
    url: required(address),
    trust: optional(record({ anchors: required(path), crl: optional(listOf(path)) })),
    require: optional(record({ stapling: optional(yesOrNo) })),
  }),
)

export const receiversSection = {
  schema: { receivers: receivers.schema! },
  read: (file: ConfigurationFile, problems: Problems) => readReceivers(file, problems),
} satisfies ConfigurationSection

/** What is wrong is reported to `problems`. */
export function readReceivers(file: ConfigurationFile, problems: Problems): readonly ReceiverRecord[] {
  const node = file.entry('receivers')
  const found = (node && receivers(node, 'receivers', problems)) ?? []
  const ids = new Map<string, number>()
  for (const { id, line } of found) {
    const first = ids.get(id)
    if (first !== undefined) problems.report(line, `receivers: ${quote(id)} is listed twice, first in line ${first}`)
    else ids.set(id, line)
  }
  if (found.length > MOST) problems.report(node?.line ?? 1, `receivers: expected at most ${MOST}`)
  return found.map(({ id, name, state = 'active', url, trust, require, line }) => ({
    ...{ id, name, state, url, line },
    requiresStapling: require?.stapling ?? false,
    trust: trust && { anchors: trust.anchors, crls: trust.crl ?? [] },
  }))
}
