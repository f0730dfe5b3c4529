// The header that a load balancer sends before the bytes of its client (PROXY protocol, version 2):
// where the client's connection came from.
import { SocketAddress } from 'node:net'
import type { Endpoint } from './endpoints.ts'

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Signature, version and command, family and transport, length of the rest. */
const FIXED = 16
/** Bytes of the addresses, and of the values after them, which are not read. */
export const LONGEST_REST = 1024
const VERSION = 2
const [LOCAL, PROXY] = [0, 1] as const
/** By family and transport: stream sockets alone, of IPv4 and IPv6. */
const families: Readonly<Record<number, { readonly family: 'ipv4' | 'ipv6'; readonly bytes: number }>> = {
  17: { family: 'ipv4', bytes: 4 },
  33: { family: 'ipv6', bytes: 16 },
}
/** The balancer states no client (AF_UNSPEC). */
const UNSPECIFIED = 0x00

/** `source` is undefined for a connection of the balancer itself, such as a health check. */
export type ProxyHeader = { readonly length: number; readonly source: Endpoint | undefined }

/** Undefined: more is needed. `refused`: what was expected and is not there. */
export function readProxyHeader(octets: Buffer): ProxyHeader | { readonly refused: string } | undefined {
  const begin = octets.subarray(0, SIGNATURE.length)
  if (!begin.equals(SIGNATURE.subarray(0, begin.length))) return refuse('it begins with something else')
  if (octets.length < FIXED) return undefined
  const [version, command] = [octets[12]! >> 4, octets[12]! & 0x0f]
  if (version !== VERSION) return refuse(`it has version ${version}`)
  if (command !== LOCAL && command !== PROXY) return refuse(`it has the command ${command}`)
  const rest = octets.readUInt16BE(14)
  if (rest > LONGEST_REST) return refuse(`it has ${rest} bytes, more than ${LONGEST_REST}`)
  const length = FIXED + rest
  if (octets.length < length) return undefined
  if (command === LOCAL || octets[13] === UNSPECIFIED) return { length, source: undefined }
  const form = families[octets[13]!]
  if (form === undefined) return refuse(`it is for family and transport 0x${octets[13]!.toString(16)}, no TCP`)
  if (rest < 2 * form.bytes + 4) return refuse(`it is too short for two ${form.family} addresses`)
  const address = formatAddress(octets.subarray(FIXED, FIXED + form.bytes), form.family)
  return { length, source: { address, port: octets.readUInt16BE(FIXED + 2 * form.bytes) } }
}

function refuse(found: string): { readonly refused: string } {
  return { refused: `expected a PROXY header of version 2: ${found}` }
}

function formatAddress(octets: Buffer, family: 'ipv4' | 'ipv6'): string {
  if (family === 'ipv4') return octets.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(2 * i).toString(16))
  return new SocketAddress({ address: groups.join(':'), family }).address
}
