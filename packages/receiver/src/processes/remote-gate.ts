// What a connection process decides with: the checks are made here; what writes, counts or is seen
// by operators is asked of the process with the ledger, or told to it.
import { deserialize } from 'node:v8'
import type { Fact, TraceSpan } from '@seg/operators'
import { openSecondOpinion } from '../acceptance/second-opinion.ts'
import { unpackCredentials } from '../credentials/credential-snapshot.ts'
import type { Staple } from '../credentials/follow-staple.ts'
import { openCredentials } from '../credentials/live-credentials.ts'
import type { ExchangeGate } from '../gate.ts'
import { openUploads } from '../http/uploads.ts'
import { type Logger, openLoggerOfProcess } from '../logger.ts'
import { DocumentTraces } from '../measures/document-traces.ts'
import type { InTurn } from '../shares/in-turn.ts'
import type { ProcessChannel } from './channel.ts'
import type { Stapled, StartedWith } from './messages.ts'
import { openRemoteLedger } from './remote-ledger.ts'
import { openRemoteShares } from './remote-shares.ts'

/** Milliseconds for which facts and lines of the log are gathered. */
const GATHER_TIME = 50
/** Octets that may wait for the other process; then facts and lines are dropped, and counted. */
const LONGEST_BACKLOG = 16 * 1024 * 1024

export type RemoteGate = ExchangeGate & {
  readonly logger: Logger
  readonly staple: Staple
  /** Of `packCredentials`, and what is stapled from now on; empty: nothing. */
  replaceCredentials(octets: Uint8Array): undefined
  replaceStaple(octets: Uint8Array): undefined
  /** Gives back what is kept of the shares of partners. */
  recall(): void
  /** Sends what was gathered. */
  flush(): void
  close(): Promise<void>
}

export function openRemoteGate(channel: ProcessChannel, start: StartedWith): RemoteGate {
  const { data, number, node, limits, clockSkew, isTraced } = start
  let snapshot = 0
  const see = ({ authority, leaf, issuer }: Seen) =>
    channel.tell('see', [authority, leaf.raw.toString('base64'), issuer.raw.toString('base64')])
  const open = (octets: Uint8Array, previous?: ExchangeGate['credentials']['current']) =>
    unpackCredentials(octets, { previous, limits, seen: see })
  const credentials = openCredentials(open(start.credentials))
  let stapled = start.staple
  const telling = openTelling(channel)
  const shares = openRemoteShares(channel)
  const secondOpinion = openSecondOpinion(start.secondOpinion, limits.opinionTime)
  return {
    data,
    credentials,
    ledger: openRemoteLedger(channel, { data, number }, () => snapshot),
    // Receipts are made there.
    sealing: { signed: () => {}, failed: () => {} },
    refusals: {
      // The ledger process limits both.
      limitConflicts: (_sender, ask) => ask({}),
      async record({ sender, fault, sha256 }) {
        const { value } = await channel.ask('refusal', { sender, code: fault.code, sha256 })
        return (value as Entry | null) ?? undefined
      },
    },
    desk: { note: telling.note },
    traces: isTraced ? openRemoteTraces(channel) : undefined,
    witnesses: { note: (...read) => channel.tell('witness', read) },
    uploads: openUploads(shares),
    inTurn: openRemoteTurns(channel),
    secondOpinion,
    clockSkew,
    limits,
    now: () => new Date(),
    logger: openLoggerOfProcess(node, number, telling.write),
    staple: {
      answerFor: certificate =>
        stapled !== undefined && certificate.equals(stapled.certificate) ? Buffer.from(stapled.octets) : null,
    },
    replaceCredentials(octets) {
      const previous = credentials.current
      const next = open(octets, previous)
      snapshot++
      credentials.replace(next)
      if (next.documents !== previous.documents) void previous.documents.schemas.retire()
      return undefined
    },
    replaceStaple(octets) {
      stapled = octets.length === 0 ? undefined : (deserialize(octets) as Stapled)
      return undefined
    },
    recall: shares.recall,
    flush: telling.flush,
    async close() {
      await Promise.all([secondOpinion.close(), credentials.current.documents.schemas.close()])
    },
  }
}

type Entry = { readonly index: number; readonly at: number }
type Seen = Parameters<Parameters<typeof unpackCredentials>[1]['seen'] & {}>[0]

/** Facts and lines of the log, which nobody waits for. */
function openTelling(channel: ProcessChannel) {
  let facts: Fact[] = []
  let lines = ''
  const lost = { facts: 0, lines: 0 }
  const isFull = () => channel.backlog > LONGEST_BACKLOG
  let isArmed = false
  const arm = () => {
    if (isArmed) return
    isArmed = true
    setTimeout(flush, GATHER_TIME).unref()
  }
  const flush = () => {
    isArmed = false
    if (facts.length > 0) channel.tell('facts', facts.length, Buffer.from(JSON.stringify(facts)))
    facts = []
    if (lost.facts + lost.lines > 0) channel.tell('lost', { ...lost })
    lost.facts = 0
    lost.lines = 0
    if (lines !== '') channel.tell('lines', null, Buffer.from(lines))
    lines = ''
  }
  return {
    note(fact: Fact) {
      if (isFull()) lost.facts++
      else facts.push(fact)
      arm()
    },
    write(line: string) {
      if (isFull()) lost.lines++
      else lines += line
      arm()
    },
    flush,
  }
}

function openRemoteTraces(channel: ProcessChannel): DocumentTraces {
  const record = (partner: string, ...spans: readonly TraceSpan[]) => channel.tell('spans', [partner, ...spans])
  const remembered: DocumentTraces['remember'] = (...accepted) => channel.tell('traced', accepted)
  return new DocumentTraces({ record, close: async () => {} }, remembered)
}

function openRemoteTurns(channel: ProcessChannel): InTurn {
  return async (key, work) => {
    const { value: turn } = await channel.ask('turn', key)
    try {
      return await work()
    } finally {
      channel.tell('turn-ended', turn)
    }
  }
}
