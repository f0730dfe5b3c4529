// Addresses of this network in settings: whose connections are a load balancer's, and where to
// listen.
import { BlockList, isIP } from 'node:net'
import { Fault } from '../fault.ts'
import { quote } from '../shown-text.ts'

const PREFIX_BITS = { 4: 32, 6: 128 } as const
const LISTEN = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+|localhost)):(\d{1,5})$/i
/** 0.0.0.0 and ::, also one within the other (RFC 4291 2.5.5). */
const UNSPECIFIED = /^[0:]*(?:ffff:)?[0:.]*$/i

/**
 * IP addresses and networks (10.0.0.0/24) with commas between, or `off`. Throws the Fault `usage`;
 * a network of all addresses is none: anybody could then state any address.
 */
export function parseAddressList(text: string): readonly string[] | 'off' {
  if (text === 'off') return text
  const addresses = text.split(',').map(each => each.trim())
  for (const each of addresses) {
    const [address = '', bits, ...rest] = each.split('/')
    const version = isIP(address)
    const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && isPart(address, Number(bits), version))
    if (version === 0 || address.includes('%') || !isNetwork || rest.length > 0)
      throw new Fault('usage', `expected addresses such as 10.0.0.5,10.0.1.0/24, or off, found ${quote(each)}`)
  }
  return addresses
}

/** Also of the IPv4 addresses, which IPv6 has within ::ffff:0:0/96. */
function isPart(address: string, bits: number, version: number): boolean {
  if (bits < 8 || bits > (version === 4 ? PREFIX_BITS[4] : PREFIX_BITS[6])) return false
  if (version !== 6) return true
  const network = new BlockList()
  network.addSubnet(address, bits, 'ipv6')
  return !['::ffff:0.0.0.0', '::ffff:255.255.255.255'].every(end => network.check(end, 'ipv6'))
}

/**
 * Address and port, or `off`. Throws the Fault `usage`, also for all addresses of this machine: who
 * listens without TLS names the one where that is meant to be seen.
 */
export function parseListenAddress(text: string): string {
  if (text === 'off') return text
  const [, six, four, port] = LISTEN.exec(text) ?? []
  const address = six ?? four ?? ''
  const isAddress = address.toLowerCase() === 'localhost' || isIP(address) === (six === undefined ? 4 : 6)
  if (!isAddress || UNSPECIFIED.test(address) || Number(port) > 65_535)
    throw new Fault(
      'usage',
      `expected one address and a port, such as 127.0.0.1:8081 or [::1]:8081, or off, found ${quote(text)}`,
    )
  return text
}

/** The name of a machine. Throws the Fault `usage`. */
export function parseNodeName(text: string): string | undefined {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})$/.test(text)) return text
  throw new Fault('usage', `a node is named by up to 63 letters, digits, dots, - and _, not ${quote(text)}`)
}
