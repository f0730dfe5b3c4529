// How the sending of one file ended, as JSON, as words for people and as an exit code.
import { isatty } from 'node:tty'
import { styleText } from 'node:util'
import { advice, type Fault, type FaultCode, faultRow, faults, type Output, quote } from '@seg/core'
import { DeliveryRefused } from '../exchange/problem.ts'
import type { Delivery } from './gateway.ts'

export type SendOutcome = DeliveredFile | Failed
export type DeliveredFile = { readonly file: string; readonly seconds: number; readonly delivery: Delivery }
export type Failed = { readonly file: string; readonly seconds: number; readonly fault: Fault }

/** Puts emphasis into text for people; the identity where that is not wanted. */
export type Paint = (style: 'green' | 'red' | 'yellow' | 'bold', text: string) => string

/**
 * Exit codes from best to worst: nothing to do, later, refused, fix something here, do not trust
 * the answer.
 */
const severity = [0, 4, 3, 5, 2, 6]

export function exitCodeOf(outcome: SendOutcome): number {
  return 'fault' in outcome ? outcome.fault.exitCode : 0
}

/** The outcome whose exit code stands for several files; the first of equals. */
export function worstOf(outcomes: readonly [SendOutcome, ...SendOutcome[]]): SendOutcome {
  const rank = (outcome: SendOutcome) => severity.indexOf(exitCodeOf(outcome))
  return outcomes.reduce((worst, next) => (rank(next) > rank(worst) ? next : worst))
}

/** The receiver's code when it refused, else the fault's own. */
export function codeOf(fault: Fault): FaultCode {
  return fault instanceof DeliveryRefused ? fault.problem.code : fault.code
}

export function outcomeFacts(outcome: SendOutcome) {
  return 'fault' in outcome ? failureFacts(outcome) : deliveryFacts(outcome)
}

function failureFacts({ file, fault }: Failed) {
  const code = codeOf(fault)
  return {
    file,
    ok: false,
    state: stateOf(fault),
    code,
    detail: fault.detail,
    advice: advice[code],
    exitCode: fault.exitCode,
  }
}

function deliveryFacts({ file, delivery }: DeliveredFile) {
  const { receipt, made } = delivery
  return {
    file,
    ok: true,
    state: made ? 'delivered' : 'already-delivered',
    id: receipt.documentId,
    senderId: receipt.senderId,
    receiverId: receipt.receiverId,
    acceptedAt: receipt.acceptedAt,
    sha256: receipt.documentDigest.toString('hex'),
    referenceDigest: receipt.referenceDigest.toString('base64'),
    receipt: delivery.receiptPath,
    document: delivery.documentPath,
    number: delivery.number,
    ...made,
  }
}

/** For people: what went well goes to standard output, what did not to standard error. */
export function reportOutcome(outcome: SendOutcome, output: Output): void {
  if (output.json) output.report(outcomeFacts(outcome), '')
  else if ('fault' in outcome) output.say(describeOutcome(outcome, paintFor(2)))
  else output.report({}, describeOutcome(outcome, paintFor(1)))
}

/** Colour where that is a terminal without NO_COLOR. */
function paintFor(descriptor: 1 | 2): Paint {
  if (!isatty(descriptor)) return (_style, text) => text
  const stream = descriptor === 1 ? process.stdout : process.stderr
  return (style, text) => styleText(style, text, { stream })
}

export function describeOutcome(outcome: SendOutcome, paint: Paint): string {
  return 'fault' in outcome ? describeFailure(outcome, paint) : describeDelivery(outcome, paint)
}

function describeDelivery({ file, seconds, delivery }: DeliveredFile, paint: Paint): string {
  const { receipt, receiptPath, made } = delivery
  if (!made)
    return `${paint('green', '✔')} ${file}: already delivered on ${receipt.acceptedAt}, receipt at ${receiptPath}`
  const tries = made.tries > 1 ? `, at try ${made.tries}` : ''
  const over = made.tls
    ? `over       ${made.tls.protocol}, ${made.tls.cipher}, ${made.tls.group}`
    : 'by         another process'
  return [
    `${paint('green', '✔')} ${file}: ${paint('bold', 'delivered')}, the receipt verifies (${seconds.toFixed(2)} s)`,
    `    document   ${receipt.documentId}, from ${quote(receipt.senderId)} to ${quote(receipt.receiverId)}`,
    `    accepted   ${receipt.acceptedAt}`,
    `    sha-256    ${receipt.documentDigest.toString('hex')}`,
    `    receipt    ${receiptPath}`,
    `    ${over}${tries}`,
  ].join('\n')
}

const words = {
  refused: 'refused',
  pending: 'not delivered yet',
  unverified: 'the receipt does not verify',
  failed: 'failed',
} as const

function describeFailure({ file, fault }: Failed, paint: Paint): string {
  const code = codeOf(fault)
  const reason =
    fault instanceof DeliveryRefused ? fault.problem.sentence : `${faults[code].sentence}\n    ${fault.detail}`
  const alarm =
    stateOf(fault) === 'unverified' && faultRow(code).isAlarm ? `${paint('red', paint('bold', 'ALARM'))} ` : ''
  const heading = `${paint('red', '✖')} ${alarm}${file}: ${words[stateOf(fault)]}: ${paint('bold', code)}`
  return `${heading}\n    ${reason}\n    ${paint('yellow', 'What to do:')} ${advice[code]}`
}

function stateOf(fault: Fault): keyof typeof words {
  if (fault.exitCode === 3) return 'refused'
  if (fault.exitCode === 4) return 'pending'
  return fault.exitCode === 6 ? 'unverified' : 'failed'
}
