// An answer that ends a connection before its request is read to the end.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Fault } from '@seg/core'
import { connectionOf } from '../connections/connection.ts'
import { fieldsOf, formatProblem, PROBLEM_TYPE } from './problem.ts'

type Fields = Readonly<Record<string, string>>

export type LastAnswer = { readonly status: number; readonly fields: Fields; readonly body: Buffer }

export function lastAnswerOf(fault: Fault, instance: string, fields: Fields = {}): LastAnswer {
  return {
    status: fault.status,
    fields: { 'Content-Type': PROBLEM_TYPE, ...fieldsOf(fault), ...fields },
    body: Buffer.from(formatProblem(fault, instance)),
  }
}

/**
 * Answers, says that nothing follows, and reads on for a while. Node's own way would read all that
 * still comes, or close at once. HEAD gets no body (RFC 9110 9.3.2).
 */
export function sendLastAnswer(socket: Duplex, { status, fields, body }: LastAnswer, method = ''): void {
  if (socket.destroyed) return
  if (!socket.writable) return void socket.destroy()
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Date: ${new Date().toUTCString()}`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  const start = Buffer.from(`${head.join('\r\n')}\r\n\r\n`)
  socket.end(method === 'HEAD' ? start : Buffer.concat([start, body]))
  connectionOf(socket)?.discard()
}
