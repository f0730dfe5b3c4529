// What an act that waits would change: read from what was asked for, and held against what there
// is now. The gateway does nothing to what was changed since, so that is what its author saw.
import type { AnswerOf } from '../api/client.ts'
import type { FieldChange } from '../audit/change-table.tsx'

type Asked = {
  /** Method and path. */
  readonly act: string
  readonly query: string
  readonly body: string
}
type Trust = AnswerOf<'GET /api/v1/trust'>
type Fields = Readonly<Record<string, unknown>>

export type AskedKind =
  | 'add'
  | 'replace'
  | 'remove'
  | 'suspend'
  | 'resume'
  | 'trust'
  | 'rely'
  | 'leave'
  | 'key'
  | 'install'
  | 'revoke'
  | 'follow'
  | 'rights'

export type AskedAct = {
  /** Undefined for an act of another version of the gateway. */
  readonly kind: AskedKind | undefined
  /** Name of the partner, authority, key or certificate. */
  readonly of: string
  readonly why: string
  /** What was sent, but for the reason. */
  readonly given: Fields
}

/** By method, resource and what follows its name. */
const kinds: Readonly<Record<string, AskedKind>> = {
  'POST partners': 'add',
  'PUT partners': 'replace',
  'DELETE partners': 'remove',
  'POST partners suspend': 'suspend',
  'POST partners resume': 'resume',
  'PUT trust': 'trust',
  'PUT authorities': 'rely',
  'DELETE authorities': 'leave',
  'POST api-keys': 'key',
  'POST renewals install': 'install',
  'POST revocations': 'revoke',
  'POST rollovers accept': 'follow',
  'PATCH people': 'rights',
}

export function readAskedAct({ act, query, body }: Asked): AskedAct {
  const [method = '', path = ''] = act.split(' ')
  const [resource = '', name, verb] = path.replace('/api/v1/', '').split('/')
  const { why, ...given } = fieldsOf(JSON.parse(body))
  const named =
    name === undefined ? (fieldsOf(given.record).id ?? given.name ?? given.serialNumber) : decodeURIComponent(name)
  return {
    kind: kinds[[method, resource, verb].filter(part => part !== undefined).join(' ')],
    of: String(named ?? ''),
    why: String(why ?? fieldsOf(JSON.parse(query)).why ?? ''),
    given,
  }
}

/** `trust`: all authorities and partners as they are now. Field by field, what differs. */
export function changesOf({ kind, of, given }: AskedAct, trust: Trust): readonly FieldChange[] {
  const partner = fieldsOf(trust.partners.find(({ id }) => id === of))
  const authority = fieldsOf(fieldsOf(fieldsOf(trust.trust).authorities)[of])
  const state = { state: partner.state ?? 'active' }
  switch (kind) {
    case 'add':
    case 'replace':
      return compare(partner, fieldsOf(given.record))
    case 'remove':
      return compare(partner, {})
    case 'suspend':
      return compare(state, { state: 'suspended' })
    case 'resume':
      return compare(state, { state: 'active' })
    case 'trust':
      return compare(trust, given)
    case 'rely':
      return compare(authority, given)
    case 'leave':
      return compare(authority, {})
    default:
      return compare({}, given)
  }
}

function compare(before: Fields, after: Fields): readonly FieldChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map(path => ({ path, before: before[path], after: after[path] }))
    .filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
