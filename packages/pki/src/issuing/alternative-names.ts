// Host names and addresses as subjectAltName (RFC 5280 4.2.1.6).
import { isIP } from 'node:net'
import { subjectAltName } from './certificate-der.ts'

export function alternativeNames(hosts: readonly string[]): Buffer {
  const addresses = hosts.filter(host => isIP(host) !== 0)
  return subjectAltName(
    hosts.filter(host => isIP(host) === 0),
    addresses.map(readAddress),
  )
}

/** 4 or 16 octets of an address that `isIP` accepts. */
function readAddress(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // URL writes an IPv6 address in one form, without dotted parts.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...zeros, ...after].map(group => group.padStart(4, '0')).join(''), 'hex')
}
