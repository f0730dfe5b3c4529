// What the process with the ledger does for one connection process: it stores, counts by partner,
// and shows operators what happened.
import { X509Certificate } from 'node:crypto'
import { Fault, type FaultCode } from '@seg/core'
import { type RecordedEvent, WorkUnderWay } from '@seg/ledger'
import type { TraceContext, Tracer, TraceSpan } from '@seg/operators'
import type { Gate } from '../gate.ts'
import type { OpenLogger } from '../logger.ts'
import type { ShareCounts } from '../shares/upload-shares.ts'
import { acceptFrom } from './accept-from-process.ts'
import type { Handlers, ReceivedMessage, Reply } from './channel.ts'
import { HeldShares } from './held-shares.ts'
import { type Alive, type BeginQuestion, readLimits } from './messages.ts'

/** What connection processes are answered with. */
export type Answering = {
  readonly gate: Gate
  readonly logger: OpenLogger['logger']
  readonly write: OpenLogger['write']
  readonly tracer: Tracer | undefined
  /** From here on, for a while, no process keeps what it does not use. */
  readonly recall: () => Promise<void>
}

export type AnsweredProcess = {
  readonly handlers: Handlers
  /** Once all that was asked is answered, and what the process had is given back. */
  end(): Promise<void>
}

/** `snapshot`: the number of the credentials that the process was sent last. */
export function answerProcess(
  number: number,
  { gate, logger, write, tracer, recall }: Answering,
  snapshot: () => number,
  alive: (alive: Alive) => void,
): AnsweredProcess {
  const { ledger, refusals, desk, witnesses, traces, inTurn } = gate
  const shares = new HeldShares(gate.shares)
  const underWay = new WorkUnderWay()
  const turns = new Map<number, () => void>()
  let turn = 0
  let hasEnded = false
  const takeTurn = async ({ value }: ReceivedMessage): Promise<Reply> => {
    const mine = ++turn
    await new Promise<void>(begin => {
      void inTurn(value as string, async () => {
        begin()
        // Nobody would end the turn of a process that has ended.
        if (!hasEnded) await new Promise<void>(end => turns.set(mine, end))
      })
    })
    return { value: mine }
  }
  const answers: Handlers = {
    ...acceptFrom(gate, shares, snapshot),
    async record({ value }) {
      return { value: await ledger.record(value as RecordedEvent) }
    },
    async refusal({ value }) {
      const { sender, code, sha256 } = value as { sender: string; code: FaultCode; sha256?: string }
      return { value: await refusals.record({ sender, fault: new Fault(code, ''), sha256 }, logger) }
    },
    async find({ value }) {
      const [sender, id] = value as [string, string]
      return { value: await ledger.find(sender, id) }
    },
    async receipt({ value }) {
      const [sender, id] = value as [string, string]
      return found(await ledger.receipt(sender, id))
    },
    async 'log-size'() {
      return { value: await ledger.log.size() }
    },
    async checkpoint() {
      return { value: await ledger.log.checkpoint() }
    },
    async tile({ value }) {
      return found(await ledger.log.tile(...(value as [number, number, number])))
    },
    async entries({ value }) {
      return found(await ledger.log.entries(...(value as [number, number])))
    },
  }
  /** Near a bound all of what is taken is counted, and nothing else. */
  const countAll = async (partner: string) => {
    if (!gate.shares.isAmple(partner)) await recall()
  }
  const counts: Handlers = {
    async document({ value }) {
      const { partner, own, announced } = value as BeginQuestion
      await countAll(partner)
      return { value: shares.takeDocument(partner, readLimits(own), announced) }
    },
    async probe({ value }) {
      const { partner, own, announced } = value as BeginQuestion
      await countAll(partner)
      return { value: shares.takeProbe(partner, readLimits(own), announced) }
    },
    read({ value }) {
      const { partner, own } = value as BeginQuestion
      shares.takeRead(partner, readLimits(own))
      return undefined
    },
    large({ value }) {
      shares.takeLarge(value as string)
      return undefined
    },
    async room({ value }) {
      const { partner, bytes } = value as { partner: string; bytes: number }
      await countAll(partner)
      return { value: shares.takeRoom(partner, bytes) }
    },
    async 'check-room'({ value }) {
      const { partner, bytes } = value as { partner: string; bytes: number }
      await countAll(partner)
      shares.checkRoom(partner, bytes)
      return undefined
    },
    back({ value }) {
      shares.giveBack(...(value as [string, ShareCounts]))
      return undefined
    },
  }
  const told: Handlers = {
    facts({ value, octets }) {
      desk.pass(octets.toString(), value as number)
      return undefined
    },
    lines({ octets }) {
      write(octets.toString())
      return undefined
    },
    lost({ value }) {
      const { facts, lines } = value as { facts: number; lines: number }
      const detail = 'facts that were not recorded: more came than the process with the ledger could take'
      if (facts > 0) desk.note({ kind: 'gap', outcome: 'lost', at: gate.now().getTime(), count: facts, detail })
      if (lines > 0) logger.warn({ process: number, dropped: lines }, 'lines of the log were dropped here')
      return undefined
    },
    witness({ value }) {
      witnesses.note(...(value as [partner: string, size: number]))
      return undefined
    },
    spans({ value }) {
      tracer?.record(...(value as [string, ...TraceSpan[]]))
      return undefined
    },
    traced({ value }) {
      traces?.remember(...(value as [string, string, TraceContext]))
      return undefined
    },
    see({ value }) {
      const [authority, leaf, issuer] = value as [string, string, string]
      const open = (der: string) => new X509Certificate(Buffer.from(der, 'base64'))
      gate.credentials.current.policy.board?.see({ authority, leaf: open(leaf), issuer: open(issuer) })
      return undefined
    },
    'turn-ended'({ value }) {
      turns.get(value as number)?.()
      turns.delete(value as number)
      return undefined
    },
    alive({ value }) {
      alive(value as Alive)
      return undefined
    },
  }
  const kept = Object.entries(answers).map(([name, handler]) => {
    const keep = (received: ReceivedMessage) => {
      const answer = Promise.resolve(handler(received))
      underWay.begin()
      answer.then(underWay.end, underWay.end)
      return answer
    }
    return [name, keep] as const
  })
  return {
    handlers: { ...Object.fromEntries(kept), ...counts, ...told, turn: takeTurn },
    async end() {
      hasEnded = true
      for (const release of turns.values()) release()
      turns.clear()
      await underWay.wait()
      shares.giveBackAll()
    },
  }
}

function found(octets: Buffer | undefined): Reply {
  return octets === undefined ? { value: false } : { value: true, octets }
}
