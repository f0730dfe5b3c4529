// `sender attack`: tries the library of attacks on a running receiver of one's own, and reports
// each with the code that met it.
import { KeyObject } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { BlockList } from 'node:net'
import {
  type Command,
  Fault,
  openOutput,
  quote,
  readSettings,
  resolveUserPath,
  shellWord,
  writeOutputFile,
} from '@seg/core'
import {
  checkServer,
  gatewayId,
  loadIdentity,
  loadPeerTrust,
  loadSigningIdentity,
  loadTrust,
  type SigningIdentity,
} from '@seg/pki'
import type { ForgingKey } from '../attack/forging.ts'
import { countStates, describeAttack, formatPage, summarize } from '../attack/report.ts'
import { describeLibrary, runAttacks } from '../attack/run-attacks.ts'
import { lookAtServer, placeOf } from '../diagnosis/look-at-server.ts'

type Options = {
  readonly list?: true
  readonly html?: string
  readonly iOwnThisHost?: true
  readonly only?: readonly string[]
}

const PATIENCE = 10_000
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export async function runAttack(options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  if (options.list === true) {
    const attacks = describeLibrary()
    const lines = attacks.map(({ kind, name, expected }) => `${kind}: ${name}: ${expected}`)
    return output.report({ ok: true, attacks }, [...lines, `${attacks.length} attacks`].join('\n'))
  }
  checkKinds(options.only ?? [])
  const { certs, to } = readSettings(command, ['certs', 'to'])
  if (options.iOwnThisHost !== true) await checkLoopback(to)
  const [identity, signing, trust, peers] = await Promise.all([
    loadIdentity(certs, 'sender'),
    loadSigningIdentity(certs),
    loadTrust(certs),
    loadPeerTrust(certs),
  ])
  const { chain } = await lookAtServer(placeOf(to), PATIENCE).catch(unattacked(to))
  checkServer(chain, peers, new Date())
  const receiver = gatewayId(chain.leaf)
  output.say(`attacking ${receiver} at ${to.origin}; what it accepts of honest documents stays in its ledger`)
  const at = new Date()
  const results = await runAttacks({
    url: to,
    identity,
    key: toForgingKey(signing ?? identity),
    trust,
    receiver,
    kinds: options.only,
    onResult: result => output.say(describeAttack(result)),
  })
  if (options.html !== undefined) {
    const page = formatPage(`Attacks on ${receiver} at ${to.origin}`, at, results)
    await writeOutputFile(resolveUserPath(options.html), toPieces(page))
  }
  const { accepted, unanswered } = countStates(results)
  const ok = accepted === 0 && unanswered === 0
  output.report(
    { ok, receiver, at: at.toISOString(), counts: countStates(results), attacks: results },
    summarize(results),
  )
  if (!ok) process.exitCode = 5
}

/** Forged documents are signed with algorithms that no token makes for us. */
function toForgingKey({ key, certificate }: SigningIdentity): ForgingKey {
  if (key instanceof KeyObject) return { key, certificate }
  throw new Fault('configuration', `${key.path} names a key in a token: attacks need the key of signing.crt in a file`)
}

/** Nothing is queued, so nothing is pending. */
function unattacked({ origin }: URL): (cause: Error) => never {
  return cause => {
    if (!(cause instanceof Fault) || cause.code !== 'delivery-pending') throw cause
    throw new Fault('configuration', `nothing was attacked: ${cause.detail}`, {
      cause,
      command: cause.command ?? `pnpm --filter sender diagnose --to ${shellWord(origin)}`,
    })
  }
}

async function* toPieces(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}

function checkKinds(asked: readonly string[]): void {
  const kinds = [...new Set(describeLibrary().map(({ kind }) => kind))]
  const unknown = asked.find(kind => !kinds.includes(kind))
  if (unknown !== undefined) throw new Fault('usage', `--only takes ${kinds.join(', ')}, not ${quote(unknown)}`)
}

/** Throws the Fault `usage` for a host that is not this one. */
async function checkLoopback({ hostname }: URL): Promise<void> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = await lookup(host, { all: true }).catch(() => [])
  const isHere =
    addresses.length > 0 &&
    addresses.every(({ address, family }) => loopback.check(address, family === 6 ? 'ipv6' : 'ipv4'))
  if (!isHere)
    throw new Fault(
      'usage',
      `${quote(host)} is not this machine: attack only what is yours, and say so with --i-own-this-host`,
    )
}
