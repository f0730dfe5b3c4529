// `sender log …`: the checkpoints seen of the receivers' logs, and their comparison with those that
// other partners have seen.
import {
  advice,
  amount,
  type Command,
  Fault,
  type FaultCode,
  faults,
  openOutput,
  quote,
  readSettings,
  resolveUserPath,
  writeOutputFile,
} from '@seg/core'
import { type Outbox, type SignedCheckpoint, sight } from '@seg/ledger'
import { checkServer, gatewayId, loadIdentity, logName } from '@seg/pki'
import { loadReceivers, type Registered } from '../credentials/sender-credentials.ts'
import { relyOn } from '../diagnosis/exchange-checks.ts'
import { lookAtServer, placeOf } from '../diagnosis/look-at-server.ts'
import type { Link } from '../exchange/connection.ts'
import { readCheckpointFile } from '../receipt/checkpoint-files.ts'
import { compareSightings, type LogComparison, type Prove } from '../receipt/compare-checkpoints.ts'
import { keepSplit } from '../receipt/log-evidence.ts'
import { LogUnread, openServedLog } from '../receipt/log-witness.ts'
import { withOutbox } from './with-outbox.ts'

/** Milliseconds for all proofs of one comparison. */
const PROOF_TIME = 300_000
/** Milliseconds for a look at the server. */
const LOOK_TIME = 10_000

export async function runLogShow({ out }: { out?: string }, command: Command): Promise<void> {
  const output = openOutput(command)
  const { data } = readSettings(command, ['data'])
  const logs = await withOutbox(data, listLogs)
  const facts = { ok: true, logs }
  if (out !== undefined) await writeOutputFile(resolveUserPath(out), octets(`${JSON.stringify(facts, undefined, 2)}\n`))
  const where = out === undefined ? [] : [`written to ${resolveUserPath(out)}, for a partner to compare`]
  output.report(
    facts,
    [...(logs.length > 0 ? logs.flatMap(describeLog) : ['no log was seen yet']), ...where].join('\n'),
  )
}

/** The log of an old key need not be continued by another. */
export async function runLogEnd(log: string, _options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { data } = readSettings(command, ['data'])
  const hasEnded = await withOutbox(data, async outbox => outbox.logs.end(log))
  if (!hasEnded)
    throw new Fault('not-found', `nothing is remembered of ${quote(log)}; \`sender log show\` lists the logs`)
  output.report(
    { ok: true, log, hasEnded },
    `ended: no log under another key need continue ${quote(log)}; what was seen of it is kept`,
  )
}

export async function runLogCompare(files: readonly string[], { to }: { to?: URL }, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const registered = await loadReceivers({ certs, config: command.opts().config })
  const { trust } = registered
  const others = await Promise.all(files.map(file => readCheckpointFile(file, trust.logs)))
  const { own, remembered } = await withOutbox(data, async ({ logs }) => ({
    own: await logs.seen(),
    remembered: await logs.remembered(),
  }))
  const ended = new Set(remembered.filter(({ hasEnded }) => hasEnded).map(known => known.log))
  const sightings = [
    sight(
      'ours',
      own.map(({ note }) => note),
      trust.logs,
    ),
    ...others,
  ]
  await using proofs = to === undefined ? undefined : openProofs(to, certs, registered)
  const logs = await compareSightings(sightings, proofs?.prove, ended)
  const strangers = others.flatMap(({ source, strangers }) => strangers.map(what => `${source}: ${what}`))
  const verdict = await judge(logs, strangers, data)
  const facts = { logs: logs.map(factsOf), strangers }
  if (verdict === undefined) return output.report({ ok: true, ...facts }, logs.map(describeComparison).join('\n'))
  const { code, detail } = verdict
  const lines = [...logs.map(describeComparison), ...strangers, `${code}: ${detail}`, `What to do: ${advice[code]}`]
  output.report({ ok: false, code, detail, advice: advice[code], ...facts }, lines.join('\n'))
  process.exitCode = faults[code].exit
}

/** The worst of what was found; a split view is kept as evidence. */
async function judge(
  logs: readonly LogComparison[],
  strangers: readonly string[],
  data: string,
): Promise<{ code: FaultCode; detail: string } | undefined> {
  for (const { log, split } of logs) {
    if (split === undefined) continue
    const { one, other, reason } = split
    const place = await keepSplit(data, { log, reason, one: one.checkpoint, other: other.checkpoint })
    return {
      code: 'log-split',
      detail:
        `${quote(log)} was shown differently in ${quote(one.source)} and ${quote(other.source)}: ${reason}; ` +
        `both are kept in ${place}`,
    }
  }
  if (strangers.length > 0) return { code: 'log-invalid', detail: strangers.join('; ') }
  if (logs.length === 0) return { code: 'log-not-comparable', detail: 'no log was seen by two parties' }
  const open = logs.filter(({ isComplete }) => !isComplete).map(({ log }) => quote(log))
  if (open.length === 0) return undefined
  return { code: 'log-not-comparable', detail: `not comparable offline beyond the sizes in common: ${open.join(', ')}` }
}

/** Proofs from the log of the receiver at `to`; of another receiver's there are none. */
function openProofs(to: URL, certs: string, registered: Registered): { prove: Prove } & AsyncDisposable {
  let opened: ReturnType<typeof openLogAt> | undefined
  const prove = async (older: SignedCheckpoint, newer: SignedCheckpoint) => {
    try {
      opened ??= openLogAt(to, certs, registered)
      const { served, name } = await opened
      const broken = await served.isBroken(older, newer)
      if (newer.log.split('+')[0] !== name)
        throw new Fault(
          'log-not-comparable',
          `the gateway at ${to.origin} has the log ${quote(name)}, not ${quote(newer.log)}`,
        )
      return broken?.detail
    } catch (error) {
      const isUnread = error instanceof LogUnread || (error instanceof Fault && error.code === 'delivery-pending')
      if (!isUnread) throw error
      throw new Fault('log-not-comparable', `the log at ${to.origin} gives no proof: ${error.message}`, {
        cause: error,
      })
    }
  }
  return {
    prove,
    async [Symbol.asyncDispose]() {
      const last = await opened?.catch(() => undefined)
      await last?.served[Symbol.asyncDispose]()
    },
  }
}

/** Held to the CAs that a delivery to this gateway goes by. */
async function openLogAt(to: URL, certs: string, { trust: all, receivers }: Registered) {
  const identity = await loadIdentity(certs, 'sender')
  const { chain: shown } = await lookAtServer(placeOf(to), LOOK_TIME)
  const { id, trust } = relyOn(shown, all, receivers)
  const link: Link = {
    receiver: to,
    identity,
    trust,
    admitServer(chain) {
      checkServer(chain, trust, new Date())
      const found = gatewayId(chain.leaf)
      if (found !== id)
        throw new Fault('receiver-mismatch', `${to.origin} was ${quote(id)} at first, and is ${quote(found)} now`)
    },
  }
  return { served: openServedLog({ link, signal: AbortSignal.timeout(PROOF_TIME) }), name: logName(id) }
}

async function listLogs({ logs }: Outbox) {
  const [seen, doubts] = [Object.groupBy(await logs.seen(), ({ log }) => log), await logs.doubts()]
  const remembered = new Map((await logs.remembered()).map(known => [known.log, known]))
  const names = new Set([...Object.keys(seen), ...remembered.keys(), ...doubts.keys()])
  return [...names].sort().map(log => {
    const [last, doubt] = [remembered.get(log), doubts.get(log)]
    return {
      log,
      ...(last && { remembered: { size: last.size, root: last.root.toString('base64') }, hasEnded: last.hasEnded }),
      ...(doubt && { doubt: { ...doubt, since: new Date(doubt.since).toISOString() } }),
      checkpoints: (seen[log] ?? []).map(({ size, root, seenAt, note }) => ({
        ...{ size, root: root.toString('base64') },
        seenAt: seenAt === 0 ? null : new Date(seenAt).toISOString(),
        note,
      })),
    }
  })
}

type ListedLog = Awaited<ReturnType<typeof listLogs>>[number]

function describeLog({ log, remembered, hasEnded, doubt, checkpoints }: ListedLog): string[] {
  const last = remembered ? `proven up to ${amount(remembered.size, 'entry')}` : 'nothing proven yet'
  const unproven = doubt
    ? [`  NOT SHOWN since ${doubt.since}, asked ${amount(doubt.looks, 'time')}: ${doubt.reason}`]
    : []
  const rows = checkpoints.map(({ size, root, seenAt }) => `  ${String(size).padStart(10)}  ${root}  ${seenAt ?? '-'}`)
  return [`${quote(log)}: ${last}${hasEnded ? ', ended' : ''}`, ...unproven, ...rows]
}

function factsOf({ log, newest, comparedUpTo, isComplete, split }: LogComparison) {
  const side = ({ source, checkpoint }: NonNullable<typeof split>['one']) => ({ source, note: checkpoint.note })
  return {
    ...{ log, newest, comparedUpTo: comparedUpTo ?? null, isComplete },
    ...(split && { split: { reason: split.reason, one: side(split.one), other: side(split.other) } }),
  }
}

function describeComparison({ log, newest, comparedUpTo, isComplete, split }: LogComparison): string {
  const sizes = newest.map(({ source, size }) => `${quote(source)} up to ${size}`).join(', ')
  const verdict = split
    ? `SPLIT VIEW: ${split.reason}`
    : `${isComplete ? 'one history' : 'no contradiction'} up to ${comparedUpTo ?? 'no common size'}`
  return `${quote(log)}: ${verdict} (${sizes})`
}

async function* octets(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}
