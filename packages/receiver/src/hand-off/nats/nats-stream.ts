// Whether a stream of JetStream keeps documents until they are taken: what its configuration must
// be, and what its answers mean.
import { amount, Fault, quote } from '@seg/core'
import type { NatsAnswer } from './nats-connection.ts'

export type StreamPlace = {
  readonly stream: string
  /** Tokens of the subject before that of the sender. */
  readonly subject: string
}

/** What JetStream answers to a message. `isAboutMessage`: the same message would get it again. */
export type StreamOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'refused'; readonly reason: string; readonly isAboutMessage: boolean }

type Config = Readonly<Record<string, unknown>>

/** `err_code` of JetStream: the message is larger than the stream takes. */
const TOO_LARGE = 10054
const NANOSECONDS_OF_HOUR = 3_600e9
const SHOWN = 300

/** A row each: whether it is so, and what is expected; otherwise documents vanish. */
const demands: readonly { isMet(config: Config, place: StreamPlace): boolean; readonly expected: string }[] = [
  { isMet: ({ storage }) => storage === 'file', expected: 'storage "file", for one in memory is lost with its server' },
  {
    isMet: ({ persist_mode: mode }) => mode === undefined || mode === '' || mode === 'default',
    expected: 'persist_mode "default", for another acknowledges what it has not written',
  },
  { isMet: ({ no_ack }) => no_ack !== true, expected: 'acknowledgements (no_ack off)' },
  { isMet: ({ sealed }) => sealed !== true, expected: 'a stream that is not sealed' },
  {
    isMet: ({ retention }) => retention === 'limits' || retention === 'workqueue',
    expected: 'retention "limits" or "workqueue", for "interest" drops what nobody waits for',
  },
  {
    isMet: ({ discard, max_msgs, max_bytes }) => discard === 'new' || (isOff(max_msgs) && isOff(max_bytes)),
    expected: 'discard "new" where max_msgs or max_bytes is set, for "old" removes what nobody has taken',
  },
  {
    isMet: ({ max_msgs_per_subject: most, discard, discard_new_per_subject: isNew }) =>
      isOff(most) || (discard === 'new' && isNew === true),
    expected: 'no max_msgs_per_subject, or discard "new" for each subject',
  },
  {
    isMet: ({ subjects }, { subject }) =>
      Array.isArray(subjects) && subjects.some(each => covers(String(each), subject)),
    expected: 'the subject of every sender among its subjects',
  },
]

/**
 * Reads the answer to STREAM.INFO. Returns what an operator should know. Throws the Fault
 * `configuration`, and `storage-unavailable` for what may pass.
 */
export function checkStream(answer: NatsAnswer, place: StreamPlace): readonly string[] {
  const { stream, subject } = place
  if (answer.status === '503')
    throw new Fault('configuration', 'JetStream is off at the NATS server, or for this account: nobody answers for it')
  const { error, config } = parseAnswer(answer)
  if (error !== undefined) {
    const { code, description } = error
    const found = `NATS answers ${quote(String(description).slice(0, SHOWN))} (${Number(code)})`
    if (code === 404)
      throw new Fault(
        'configuration',
        `there is no stream ${quote(stream)}: ${found}; \`nats stream add ${stream} --subjects "${subject}.*" ` +
          '--storage file --retention limits --discard new --defaults` makes one',
      )
    throw new Fault(code === 503 ? 'configuration' : 'storage-unavailable', found)
  }
  const settings = Object(config) as Config
  if (settings.name !== stream) throw new Fault('storage-unavailable', 'NATS answered about another stream')
  const unmet = demands.filter(({ isMet }) => !isMet(settings, place)).map(({ expected }) => expected)
  if (unmet.length > 0)
    throw new Fault('configuration', `the stream ${quote(stream)} may lose documents: expected ${unmet.join('; ')}`)
  return warningsOf(settings, place)
}

function warningsOf({ max_age: age, num_replicas: replicas }: Config, { stream }: StreamPlace): readonly string[] {
  const hours = Math.round(Number(age) / NANOSECONDS_OF_HOUR)
  return [
    ...(isOff(age)
      ? []
      : [`the stream ${quote(stream)} removes documents after ${amount(hours, 'hour')}, taken or not (max_age)`]),
    ...(Number(replicas) > 1
      ? []
      : [`the stream ${quote(stream)} is on one server: what it has is lost with the disk (replicas 1)`]),
  ]
}

/** Reads the answer to a message: only that of this stream says that it is stored. */
export function readPublished(answer: NatsAnswer, { stream }: StreamPlace): StreamOutcome {
  if (answer.status === '503')
    return { kind: 'refused', reason: 'no stream takes this subject, or JetStream is off', isAboutMessage: false }
  const { error, stream: found, seq } = parseAnswer(answer)
  if (error !== undefined) {
    const reason = `NATS answers ${quote(String(error.description).slice(0, SHOWN))} (${Number(error.err_code)})`
    return { kind: 'refused', reason, isAboutMessage: error.err_code === TOO_LARGE }
  }
  if (found === stream && Number.isSafeInteger(seq) && Number(seq) > 0) return { kind: 'stored' }
  const reason = 'what answered is not the stream: another program listens on this subject'
  return { kind: 'refused', reason, isAboutMessage: false }
}

type Parsed = Readonly<Record<string, unknown>> & { readonly error?: Readonly<Record<string, unknown>> | undefined }

function parseAnswer({ octets }: NatsAnswer): Parsed {
  try {
    const value = Object(JSON.parse(octets.toString('utf8')))
    return { ...value, error: value.error === undefined ? undefined : Object(value.error) }
  } catch {
    return {}
  }
}

/** No limit is 0 or -1. */
function isOff(limit: unknown): boolean {
  return limit === undefined || Number(limit) <= 0
}

/** Whether a subject of the stream matches `subject.ANY`. */
function covers(pattern: string, subject: string): boolean {
  const wanted = [...subject.split('.'), '*']
  const tokens = pattern.split('.')
  const isOpen = tokens.at(-1) === '>'
  const fixed = isOpen ? tokens.slice(0, -1) : tokens
  const isLong = isOpen ? wanted.length > fixed.length : wanted.length === fixed.length
  return isLong && fixed.every((token, i) => token === '*' || token === wanted[i])
}
