// The ledger as a connection process has it: what is accepted here is durable there, and only then
// is it answered.
import {
  type CertificateChain,
  formatFingerprints,
  type LogReader,
  type OfferedDocument,
  StagedDocument,
  type Staging,
  stagingFolder,
} from '@seg/ledger'
import { CredentialsReplaced } from '../acceptance/record-document.ts'
import type { ExchangeGate } from '../gate.ts'
import type { ProcessChannel } from './channel.ts'
import { type AcceptAnswer, type AcceptQuestion, markOf } from './messages.ts'

type RemoteLedger = ExchangeGate['ledger']

/** `snapshot`: the number of the credentials that are in use here. */
export function openRemoteLedger(
  channel: ProcessChannel,
  { data, number }: { readonly data: string; readonly number: number },
  snapshot: () => number,
): RemoteLedger {
  const staging = stagingFolder(data)
  const mark = markOf(number)
  /** Chains that the other process has. */
  const sent = new WeakSet<CertificateChain>()
  const accept = async ({ chain, ...document }: OfferedDocument, content: Staging) => {
    const staged = asOurs(content)
    // Those that it was judged by: others may come while a large one goes to the disk.
    const judgedBy = snapshot()
    const handed = await staged.handOver()
    for (;;) {
      const question: AcceptQuestion = {
        document,
        fingerprints: formatFingerprints(chain.fingerprints),
        certificates: sent.has(chain) ? undefined : chain.certificates.map(der => der.toString('base64')),
        staged: 'file' in handed ? handed : undefined,
        snapshot: judgedBy,
      }
      const asked = channel.ask('accept', question, 'octets' in handed ? handed.octets : undefined)
      channel.hurry()
      const { value, octets } = await asked.catch(fault => {
        // The file was the other process's to remove.
        staged.leave()
        throw fault
      })
      const answer = value as AcceptAnswer
      if (answer === 'replaced') throw new CredentialsReplaced()
      if (answer === 'unknown-chain') {
        sent.delete(chain)
        continue
      }
      sent.add(chain)
      staged.leave()
      return { ...answer, receipt: octets }
    }
  }
  return {
    accept,
    stage: () => new StagedDocument(staging, mark),
    acceptAgain: async document => (await channel.ask('again', document)).octets,
    record: async event => (await channel.ask('record', event)).value as number,
    find: async (sender, id) => orUndefined((await channel.ask('find', [sender, id])).value),
    async receipt(sender, id) {
      const { value, octets } = await channel.ask('receipt', [sender, id])
      return value === true ? octets : undefined
    },
    log: openRemoteLog(channel),
  }
}

function openRemoteLog(channel: ProcessChannel): LogReader {
  const file = async (name: string, of: readonly number[]) => {
    const { value, octets } = await channel.ask(name, of)
    return value === true ? octets : undefined
  }
  return {
    size: async () => (await channel.ask('log-size', null)).value as number,
    checkpoint: async () => orUndefined((await channel.ask('checkpoint', null)).value),
    tile: (level, index, width) => file('tile', [level, index, width]),
    entries: (index, width) => file('entries', [index, width]),
  }
}

/** JSON has null alone. */
function orUndefined<Value>(value: unknown): Value | undefined {
  return value === null ? undefined : (value as Value)
}

function asOurs(staging: Staging): StagedDocument {
  if (!(staging instanceof StagedDocument)) throw new TypeError('expected a document staged by this process')
  return staging
}
