// `pnpm bench verify` and `pnpm bench sign`: how long one operation takes, ours and others' in one
// run on the same files, and what ours needs to verify large ones.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Command, Fault, openOutput, quote } from '@seg/core'
import { generate, type KeyKind, loadIdentity } from '@seg/pki'
import type { Signer } from '@seg/xmldsig'
import { describeMachine, pinTo } from '../machine.ts'
import { formatTime } from '../tables.ts'
import { checkSidesRefuse, compareSides, type Pace } from './compare.ts'
import { listPayloads, ownPayloads } from './payload-list.ts'
import { type VerifyReport, writeVerifyReport } from './report.ts'
import { openSides, openSigningSides, type Side } from './side.ts'
import { emptySignature, type NamedPayload, type SignedFile, writeSignedFile } from './signed-file.ts'
import type { Streamed } from './stream-file.ts'

/** Bytes of payload. */
const comparedSizes = [500, 50_000, 5_000_000]
const streamedSizes = [1e6, 5e7, 5e8, 1e9]
const full = { rounds: 5, batch: 3e8, warmUp: 4e9, largest: 1e9 }
const quick = { rounds: 3, batch: 5e7, warmUp: 2e8, largest: 5e7 }
/** On the first file, in nanoseconds: compilers of all sides have then seen most of their code. */
const FIRST_WARM_UP = 4e9

type Bench = { readonly folder: string; readonly signer: Signer; readonly say: (line: string) => void }

type Options = { readonly quick?: true; readonly seed: number; readonly only?: string }

/** Kinds of keys that a signature is measured with; documents to be verified have the first. */
export const signingKeys: readonly KeyKind[] = ['rsa-2048', 'rsa-3072', 'ec-p256', 'ed25519']

export function parseSigningKey(text: string): KeyKind {
  const key = signingKeys.find(kind => kind === text)
  if (key === undefined) throw new Fault('usage', `--key is one of ${signingKeys.join(', ')}, not ${quote(text)}`)
  return key
}

export async function runVerifyBench(options: Options & { readonly sides?: string }, command: Command): Promise<void> {
  const isWhole = options.only === undefined && options.sides === undefined
  await runBench(options, signingKeys[0]!, command, async (bench, plan, payloads) => ({
    ...(await compareAll(
      bench,
      payloads,
      plan,
      await openSides(bench.folder, options.sides?.split(',')),
      checkSidesRefuse,
    )),
    streamed: isWhole ? await streamAll(bench, plan.largest) : [],
  }))
}

export async function runSignBench(options: Options & { readonly key: KeyKind }, command: Command): Promise<void> {
  await runBench(options, options.key, command, async (bench, plan, payloads) => ({
    ...(await compareAll(bench, payloads, plan, await openSigningSides(bench.folder, options.key), emptySignature)),
    streamed: [],
  }))
}

async function runBench(
  options: Options,
  key: KeyKind,
  command: Command,
  measure: (
    bench: Bench,
    plan: typeof full,
    payloads: readonly NamedPayload[],
  ) => Promise<Omit<VerifyReport, 'machine' | 'key' | 'rounds'>>,
): Promise<void> {
  const output = openOutput(command)
  const plan = options.quick ? quick : full
  const machine = describeMachine()
  const folder = await mkdtemp(join(tmpdir(), 'seg-bench-'))
  try {
    await generate({ out: folder, key })
    const bench = { folder, signer: await loadIdentity(folder, 'sender'), say: output.say }
    const payloads = listPayloads(options.seed).filter(({ name }) => name.includes(options.only ?? ''))
    const report: VerifyReport = { machine, key, rounds: plan.rounds, ...(await measure(bench, plan, payloads)) }
    output.report(report, writeVerifyReport(report))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `prepare` gets each file before it is measured. */
async function compareAll(
  { folder, signer, say }: Bench,
  payloads: readonly NamedPayload[],
  pace: Pace,
  { sides, missing }: Awaited<ReturnType<typeof openSides>>,
  prepare: (sides: readonly Side[], file: SignedFile) => Promise<void>,
): Promise<Pick<VerifyReport, 'sides' | 'missing' | 'compared'>> {
  const compared: VerifyReport['compared'][number][] = []
  try {
    for (const payload of payloads) {
      for (const size of comparedSizes) {
        const file = await writeSignedFile(join(folder, 'signed.xml'), payload, size, signer)
        await prepare(sides, file)
        const times = await compareSides(sides, file, compared.length === 0 ? { ...pace, warmUp: FIRST_WARM_UP } : pace)
        compared.push({ file, times })
        const results = Object.entries(times).map(
          ([name, nanoseconds]) => `${name} ${formatTime(nanoseconds / 1e6)} ms`,
        )
        say(`${payload.name}, payload of ${size} bytes: ${results.join(', ')}`)
      }
    }
    return { sides: sides.map(({ title }) => title), missing, compared }
  } finally {
    await Promise.all(sides.map(side => side.close()))
  }
}

async function streamAll({ folder, signer, say }: Bench, largest: number): Promise<VerifyReport['streamed']> {
  const streamed: VerifyReport['streamed'][number][] = []
  for (const payload of ownPayloads) {
    const small = await writeSignedFile(join(folder, 'small.xml'), payload, streamedSizes[0]!, signer)
    let first: number | undefined
    for (const size of streamedSizes.filter(size => size <= largest)) {
      const file = await writeSignedFile(join(folder, 'signed.xml'), payload, size, signer)
      const measured = await streamFile(join(folder, 'sender.crt'), small, file)
      const perByte = measured.nanoseconds / file.bytes
      first ??= perByte
      streamed.push({ ...measured, file, growth: perByte / first })
      say(`${payload.name}, payload of ${size} bytes, from a file: ${formatTime(measured.nanoseconds / 1e6)} ms`)
    }
  }
  return streamed
}

async function streamFile(certificate: string, small: SignedFile, file: SignedFile): Promise<Streamed> {
  const program = join(import.meta.dirname, 'stream-file.ts')
  const repeats = Math.ceil(500e6 / file.bytes)
  const [command = '', ...args] = [
    ...pinTo(1),
    process.execPath,
    program,
    certificate,
    small.path,
    file.path,
    String(repeats),
  ]
  const { stdout } = await promisify(execFile)(command, args)
  return JSON.parse(stdout)
}
