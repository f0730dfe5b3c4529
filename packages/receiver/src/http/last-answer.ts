// The answer that ends a connection before its request is read to the end.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Fault } from '@seg/core'
import { connectionOf } from './connection.ts'
import { fieldsOf, formatProblem, PROBLEM_TYPE } from './problem.ts'

type Fields = Readonly<Record<string, string>>

/**
 * Answers, says that nothing follows, and reads on for a while. Node's own way would read all that
 * still comes, or close at once.
 */
export function sendLastAnswer(socket: Duplex, fault: Fault, instance: string, fields: Fields = {}): void {
  if (socket.destroyed) return
  if (!socket.writable) return void socket.destroy()
  const body = formatProblem(fault, instance)
  const head = [
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}`,
    `Date: ${new Date().toUTCString()}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  for (const [name, value] of Object.entries({ ...fieldsOf(fault), ...fields })) head.push(`${name}: ${value}`)
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  connectionOf(socket)?.discard()
}
