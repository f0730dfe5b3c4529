// Verification against the libraries of the field: the same files, the sides alternating, in one run.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import { type Contestant, findContestants } from './contestants.ts'
import { type Shape, signDocument } from './documents.ts'

export type VerifyRow = {
  readonly shape: Shape
  readonly payload: number
  readonly bytes: number
  readonly nanoseconds: Record<string, number>
}
export type StreamRow = {
  readonly shape: Shape
  readonly payload: number
  readonly nanosecondsPerByte: number
  readonly megabytesOverIdle: number
}
export type VerifyBench = {
  readonly machine: string
  readonly missing: Record<string, string>
  readonly rows: readonly VerifyRow[]
  readonly streamed: readonly StreamRow[]
}

const shapes: readonly Shape[] = ['records', 'text']
const payloads = [500, 5_000, 50_000, 500_000, 5_000_000]
const streamedPayloads = [1_000_000, 50_000_000, 500_000_000, 1_000_000_000]
/** About how long one side works on one file in one round, by the first of our own figures, in nanoseconds. */
const ROUND = 300_000_000

export async function benchVerify(isQuick: boolean, say: (line: string) => void): Promise<VerifyBench> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-bench-'))
  try {
    await generate({ out: folder, key: 'rsa-2048' })
    const contestants = findContestants(folder)
    const missing = Object.fromEntries(contestants.filter(c => c.missing !== undefined).map(c => [c.name, c.missing!]))
    const rows: VerifyRow[] = []
    for (const shape of shapes)
      for (const payload of payloads) rows.push(await compare(contestants, folder, shape, payload, isQuick ? 2 : 5, say))
    const sizes = streamedPayloads.filter(size => !isQuick || size <= 50_000_000)
    const streamed = shapes.flatMap(shape => sizes.map(payload => stream(folder, shape, payload, say)))
    return { machine: describeMachine(), missing, rows, streamed }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(
  contestants: readonly Contestant[],
  folder: string,
  shape: Shape,
  payload: number,
  rounds: number,
  say: (line: string) => void,
): Promise<VerifyRow> {
  const pieces = await signDocument(shape, payload, await loadIdentity(folder, 'sender'))
  const bytes = Buffer.concat([...pieces()])
  const file = join(folder, 'signed.xml')
  const certificate = join(folder, 'sender.crt')
  await writeFile(file, bytes)
  const sides = contestants.filter(c => c.missing === undefined && payload <= c.largest)
  const samples: Record<string, number[]> = Object.fromEntries(sides.map(side => [side.name, []]))
  for (const side of sides) side.measure(file, certificate, payload < 100_000 ? 300 : 2)
  const times = Math.max(2, Math.round(ROUND / Math.max(60_000, bytes.length * 10)))
  for (let round = 0; round < rounds; round++) for (const side of sides) samples[side.name]!.push(side.measure(file, certificate, times))
  const nanoseconds = Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
  say(
    `${shape}, payload ${payload}: ${Object.entries(nanoseconds)
      .map(([name, ns]) => `${name} ${(ns / 1e6).toFixed(3)} ms`)
      .join(', ')}`,
  )
  return { shape, payload, bytes: bytes.length, nanoseconds }
}

function stream(folder: string, shape: Shape, payload: number, say: (line: string) => void): StreamRow {
  const args = ['--expose-gc', join(import.meta.dirname, 'stream.ts'), folder, shape, String(payload)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const { nanoseconds, length, overIdle } = JSON.parse(stdout)
  const row = { shape, payload, nanosecondsPerByte: nanoseconds / length, megabytesOverIdle: overIdle / 1e6 }
  say(`${shape}, streamed ${payload}: ${row.nanosecondsPerByte.toFixed(2)} ns a byte, ${row.megabytesOverIdle.toFixed(1)} MB over idle`)
  return row
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}

function describeMachine(): string {
  const xmlsec = spawnSync('xmlsec1', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? ''
  return `${cpus()[0]?.model} × ${cpus().length}, Node ${process.version}${xmlsec && `, ${xmlsec}`}`
}

export function formatVerify({ machine, missing, rows, streamed }: VerifyBench): string {
  const others = ['xml-crypto', 'xmlsec1', 'Santuario'].filter(name => missing[name] === undefined)
  const cell = (row: VerifyRow, name: string) => {
    const ns = row.nanoseconds[name]
    return ns === undefined ? '–' : `${(ns / 1e6).toFixed(3)} ms (${(ns / row.nanoseconds.SEG!).toFixed(1)} ×)`
  }
  return [
    `${machine}; RSA-2048, SHA-256, Exclusive C14N; one core; medians; in brackets: how many times as long as ours`,
    ...Object.entries(missing).map(([name, why]) => `${name} left out: ${why}`),
    '',
    `| payload | signed bytes | SEG | ${others.join(' | ')} |`,
    `| --- | --- | --- | ${others.map(() => '---').join(' | ')} |`,
    ...rows.map(
      row =>
        `| ${row.shape} ${row.payload.toLocaleString('en')} | ${row.bytes.toLocaleString('en')} | ${(row.nanoseconds.SEG! / 1e6).toFixed(3)} ms, ${((row.bytes / row.nanoseconds.SEG!) * 1000).toFixed(0)} MB/s | ${others.map(name => cell(row, name)).join(' | ')} |`,
    ),
    '',
    '| streamed | ns a byte | memory over idle |',
    '| --- | --- | --- |',
    ...streamed.map(
      row =>
        `| ${row.shape} ${row.payload.toLocaleString('en')} | ${row.nanosecondsPerByte.toFixed(2)} | ${row.megabytesOverIdle.toFixed(1)} MB |`,
    ),
  ].join('\n')
}
