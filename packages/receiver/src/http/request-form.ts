// What Node's HTTP parser lets pass and we refuse: requests that another implementation could read
// in another way, which is how one is hidden in another.
import type { IncomingMessage } from 'node:http'
import { Fault, type FaultCode, quote } from '@seg/core'

/**
 * Fields of which Node keeps the first, or all joined, where others would take the last: none may
 * come twice (RFC 9110 5.3).
 */
const singular: ReadonlyMap<string, FaultCode> = new Map([
  ['host', 'request-malformed'],
  ['transfer-encoding', 'request-malformed'],
  ['expect', 'request-malformed'],
  ['content-type', 'media-type'],
])

/** RFC 9112 3.2: a name, an IPv4 or a bracketed IPv6 address, and perhaps a port. */
const HOST = /^(?:[\w.~%-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/** Throws the Faults `request-malformed` and `media-type`. */
export function checkRequestForm(request: IncomingMessage): void {
  const { httpVersion, headers, rawHeaders } = request
  // HTTP/0.9 has no headers, and its answers no status.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw malformed('HTTP/1.1 or HTTP/1.0', `HTTP/${httpVersion}`)
  checkSingular(rawHeaders)
  const { host, 'transfer-encoding': coding, expect } = headers
  if (host === undefined ? httpVersion === '1.1' : !HOST.test(host)) throw malformed('a Host', host)
  // RFC 9112 6.1: a server that does not support a coding, or finds one in HTTP/1.0, cannot find
  // where the request ends.
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) {
    throw malformed('the Transfer-Encoding chunked, in HTTP/1.1', `${coding} in HTTP/${httpVersion}`)
  }
  if (expect !== undefined && !isContinueExpected(request)) throw malformed('the Expect 100-continue', expect)
}

/**
 * The path of a request's target, which may be absolute (RFC 9112 3.2.2: a server takes both
 * forms). What stands in a query means nothing here.
 */
export function pathOf(target: string): string {
  const [path = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 1)
  return path
}

type Allow = { readonly allow?: string }

/** What each path of the contract takes. */
const methods: readonly (readonly [path: RegExp, methods: string])[] = [
  [/^\/v1\/documents$/, 'POST'],
  [/^\/v1\/probe$/, 'POST'],
  [/^\/v1\/rollover$/, 'POST'],
  [/^\/v1\/receipts\/[^/]+$/, 'GET, HEAD'],
  [/^\/v1\/log\//, 'GET, HEAD'],
]

/** The field Allow for a path of the contract (RFC 9110 15.5.6). */
function allowedMethods(target: string): string | undefined {
  const path = pathOf(target)
  return methods.find(([pattern]) => pattern.test(path))?.[1]
}

/** What answers a request that no route takes: its method is wrong, where there is such a path. */
export function unserved(method: string, target: string): { readonly fault: Fault; readonly fields: Allow } {
  const allow = allowedMethods(target)
  if (allow === undefined) return { fault: new Fault('not-found', 'no such route'), fields: {} }
  return { fault: new Fault('method-not-allowed', `expected ${allow}, found ${method}`), fields: { allow } }
}

/** A request line whose method Node's parser may not support (RFC 9112 3, RFC 9110 5.6.2). */
const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.[01]$/

/** The same for a method that Node's parser stopped at, `parsed` bytes into what it had read. */
export function unknownMethod(read: Buffer, parsed: number): ReturnType<typeof unserved> | undefined {
  const begin = read.lastIndexOf('\n', Math.max(0, parsed - 1)) + 1
  const end = read.indexOf('\r\n', begin)
  const [, method, target] = REQUEST_LINE.exec(read.toString('latin1', begin, Math.max(begin, end))) ?? []
  return method === undefined || target === undefined ? undefined : unserved(quote(method), target)
}

/**
 * Whether the client waits for 100 before it sends the body, and for nothing else (RFC 9110
 * 10.1.1).
 */
export function isContinueExpected({ headers }: IncomingMessage): boolean {
  return headers.expect?.toLowerCase() === '100-continue'
}

function checkSingular(rawHeaders: readonly string[]): void {
  const seen: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    const code = singular.get(name)
    if (code === undefined) continue
    if (seen.includes(name)) throw new Fault(code, `expected one ${name}, found another: ${quote(rawHeaders[i + 1]!)}`)
    seen.push(name)
  }
}

function malformed(expected: string, found: string | undefined): Fault {
  return new Fault('request-malformed', `expected ${expected}, found ${found === undefined ? 'none' : quote(found)}`)
}
