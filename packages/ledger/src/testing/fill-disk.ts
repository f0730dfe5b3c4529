// Accepts documents until the disk is full, then makes room again: `fill-disk.ts FOLDER`, FOLDER
// being a small file system of its own. Tells in JSON what became visible.
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '@seg/core'
import type { Ledger } from '../ledger.ts'
import { collect, makeSample, sender } from './sample-documents.ts'
import { openTestLedger } from './test-ledger.ts'
import { acceptBytes } from './test-log.ts'

const [folder = ''] = process.argv.slice(2)
await writeFile(join(folder, 'ballast'), Buffer.alloc(500_000))
const data = join(folder, 'data')
const ledger = await openTestLedger(data)

let accepted = 0
const full = await failure(async () => {
  for (; ; accepted++) await accept(ledger, `doc${accepted}`)
})
const staged = (await readdir(join(data, 'staging'))).length
const visible = await collect(ledger.list())
const files = (await readdir(join(data, 'contents'))).length
const large = visible.filter(({ bytes }) => bytes > 60_000).length
const receipt = await ledger.receipt(sender, 'doc0')

await rm(join(folder, 'ballast'))
const roomy = await failure(() => accept(ledger, `doc${accepted}`))
await ledger.close()
process.stdout.write(
  JSON.stringify({
    accepted,
    full,
    staged,
    files,
    large,
    visible: visible.length,
    receipt: receipt?.toString(),
    roomy,
  }),
)

function accept(ledger: Ledger, id: string) {
  // Some are large enough for a file of their own.
  const { document, bytes } = makeSample(id, { size: id.endsWith('2') || id.endsWith('5') ? 300_000 : 60_000 })
  return acceptBytes(ledger, document, bytes)
}

async function failure(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'none'
  } catch (fault) {
    return (fault as Fault).message
  }
}
