// `pnpm bench profile`: where the time of one verification goes, by item, in nanoseconds an octet.
// A program of its own (profile-side.ts) verifies each document under V8's sampling profiler.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Command, openOutput } from '@seg/core'
import { generate, loadIdentity } from '@seg/pki'
import { describeMachine, pinTo, writeMachine } from '../machine.ts'
import { formatCount, formatSize, writeTable } from '../tables.ts'
import { listPayloads } from './payload-list.ts'
import { type Items, itemNames } from './profile-items.ts'
import { writeSignedFile } from './signed-file.ts'

const PAYLOAD = 5_000_000
/** The mark: megabytes a second of UTF-8 check, one search for the next tag, and SHA-256. */
const MARK = 850

type Profiled = { readonly name: string; readonly bytes: number; readonly items: Items }

export async function runProfile({ seed, only }: { seed: number; only?: string }, command: Command): Promise<void> {
  const output = openOutput(command)
  const folder = await mkdtemp(join(tmpdir(), 'seg-bench-'))
  const machine = describeMachine()
  const profiled: Profiled[] = []
  try {
    await generate({ out: folder, key: 'rsa-2048' })
    const signer = await loadIdentity(folder, 'sender')
    for (const payload of listPayloads(seed).filter(({ name }) => name.includes(only ?? ''))) {
      const file = await writeSignedFile(join(folder, 'signed.xml'), payload, PAYLOAD, signer)
      const items = await profile(join(folder, 'sender.crt'), file.path)
      profiled.push({ name: payload.name, bytes: file.bytes, items })
      output.say(`${payload.name}: ${(totalOf(items) / file.bytes).toFixed(2)} ns an octet`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  output.report({ machine, payload: PAYLOAD, profiled }, [writeMachine(machine), '', writeItems(profiled)].join('\n'))
}

async function profile(certificate: string, path: string): Promise<Items> {
  const program = join(import.meta.dirname, 'profile-side.ts')
  const [file = '', ...args] = [...pinTo(1), process.execPath, program, certificate, path]
  const { stdout } = await promisify(execFile)(file, args)
  return JSON.parse(stdout)
}

const totalOf = (items: Items) => itemNames.reduce((sum, name) => sum + items[name], 0)

/** The slowest first. */
function writeItems(profiled: readonly Profiled[]): string {
  const perOctet = ({ items, bytes }: Profiled) => totalOf(items) / bytes
  const head = [`${formatSize(PAYLOAD)} of`, 'MB/s', `ns an octet (mark: ${(1000 / MARK).toFixed(2)})`, ...itemNames]
  const rows = profiled
    .toSorted((a, b) => perOctet(b) - perOctet(a))
    .map(row => [
      row.name,
      formatCount(1000 / perOctet(row)),
      perOctet(row).toFixed(2),
      ...itemNames.map(name => (row.items[name] / row.bytes).toFixed(2)),
    ])
  return writeTable(head, rows)
}
