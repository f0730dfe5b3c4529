// A PROXY header of version 2, as a load balancer writes it, or with one thing wrong.
import { isIPv6 } from 'node:net'

type Changes = {
  /** Version and command. */
  readonly command?: number
  readonly family?: number
  readonly length?: number
  /** Behind the addresses. */
  readonly values?: Buffer
}

/** Of a client at this address. */
export function proxyHeader(address: string, port: number, changes: Changes = {}): Buffer {
  const isSix = isIPv6(address)
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(port, 0)
  ports.writeUInt16BE(443, 2)
  const octets = octetsOf(address, isSix)
  const { command = 0x21, family = isSix ? 0x21 : 0x11, values = Buffer.alloc(0) } = changes
  const rest = Buffer.concat([octets, octets, ports, values])
  const fixed = Buffer.from('\r\n\r\n\0\r\nQUIT\n____', 'latin1')
  fixed[12] = command
  fixed[13] = family
  fixed.writeUInt16BE(changes.length ?? rest.length, 14)
  return Buffer.concat([fixed, rest])
}

function octetsOf(address: string, isSix: boolean): Buffer {
  if (!isSix) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const [first, last] = [head, tail].map(part => (part === '' ? [] : part.split(':')))
  const groups = [...first!, ...Array<string>(8 - first!.length - last!.length).fill('0'), ...last!]
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}
