// The address of NATS servers in settings, and the names of a stream and of subjects.
import { isIP } from 'node:net'
import { Fault } from '../fault.ts'
import { quote } from '../shown-text.ts'

export type NatsAddress = {
  /** Without TLS: on this machine only. */
  readonly isPlain: boolean
  /** Undefined where a key or a certificate says who we are. */
  readonly user: string | undefined
  /** Of one cluster, in the order in which they are tried. */
  readonly hosts: readonly NatsHost[]
}
export type NatsHost = { readonly name: string; readonly port: number }

const FORM = 'tls://[USER@]HOST[:PORT][,HOST…], or nats://localhost on this machine'
const PORT = 4222
const MOST_HOSTS = 9
const MOST_CHARACTERS = 200

/** Throws the Fault `usage`; what it says has no user and no password. */
export function parseNatsAddress(text: string): NatsAddress | 'off' {
  if (text === 'off') return text
  const [, scheme, user, secret, names = ''] =
    /^(tls|nats):\/\/(?:([\w.-]{1,64})(:[^@]*)?@)?([^@/?#]+)$/.exec(text) ?? []
  if (secret !== undefined)
    throw new Fault('usage', 'a password has no place in the address: give its file with --nats-credentials')
  const hosts = names.split(',').map(parseNatsHost)
  if (scheme === undefined || hosts.length > MOST_HOSTS || hosts.includes(undefined))
    throw new Fault('usage', `expected the address of NATS servers as ${FORM}, found another form`)
  const isPlain = scheme === 'nats'
  const known = hosts.filter(host => host !== undefined)
  if (isPlain && !known.every(isOnThisMachine))
    throw new Fault('usage', 'documents cross no network in the clear: expected tls:// for a NATS server elsewhere')
  return { isPlain, user, hosts: known }
}

function parseNatsHost(text: string): NatsHost | undefined {
  const [, six, name = six, port = `${PORT}`] =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})))(?::(\d{1,5}))?$/.exec(text) ?? []
  const isPort = Number(port) >= 1 && Number(port) <= 65_535
  if (name === undefined || !isPort || (six !== undefined && isIP(six) !== 6)) return undefined
  return { name, port: Number(port) }
}

function isOnThisMachine({ name }: NatsHost): boolean {
  return name === 'localhost' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

/** Throws the Fault `usage`. */
export function parseStreamName(text: string): string | undefined {
  if (/^[\w-]+$/.test(text) && text.length <= MOST_CHARACTERS) return text
  throw new Fault('usage', `a stream is named by letters, digits, - and _, not ${quote(text)}`)
}

/** Without wildcards, and none of those that NATS has for itself. Throws the Fault `usage`. */
export function parseSubject(text: string): string {
  if (/^[\w-]+(?:\.[\w-]+)*$/.test(text) && text.length <= MOST_CHARACTERS) return text
  throw new Fault('usage', `a subject has letters, digits, - and _, with dots between, not ${quote(text)}`)
}
