// Documents larger than a process may be: what the commands need of memory does not grow with them.
import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { acceptAndDiscard, startServer } from '../testing/foreign-receiver.ts'
import { makeCerts, makeFolder, writeLargeDocument } from '../testing/gateways.ts'
import { startSender } from '../testing/run-sender.ts'

const MiB = 1024 * 1024
/** Room for the garbage of the moment; a document held even once would need twice that. */
const SLACK = 32 * MiB

const certs = await makeCerts(t)
const folder = await makeFolder(t)
await writeLargeDocument(join(folder, 'small.xml'), MiB)
await writeLargeDocument(join(folder, 'large.xml'), 64 * MiB)

const reportPeak = resolve(import.meta.dirname, '../testing/report-peak.ts')

/** Runs a command in a process with a heap of 48 MiB; resolves with its peak of resident memory. */
async function peakOf(t: Test, ...args: string[]): Promise<number> {
  const peakFile = join(folder, 'peak')
  const environment = {
    SEG_CERTS: certs,
    SEG_DATA: join(folder, 'state'),
    PEAK_FILE: peakFile,
    NODE_OPTIONS: `--max-old-space-size=48 --import=${reportPeak}`,
  }
  t.match(await startSender(folder, args, environment), { exitCode: 0 }, args.join(' '))
  return Number(await readFile(peakFile, 'utf8'))
}

async function comparePeaks(t: Test, run: (name: string) => string[]): Promise<void> {
  const small = await peakOf(t, ...run('small'))
  const large = await peakOf(t, ...run('large'))
  t.ok(small > 20 * MiB, `the small one peaks at ${small} bytes`)
  t.ok(large < small + SLACK, `the large one peaks at ${large} bytes, the small one at ${small}`)
}

t.test('sign takes no more memory for 64 MiB than for 1 MiB', async t => {
  await comparePeaks(t, name => ['sign', `${name}.xml`, '-o', `${name}.signed.xml`])
  t.ok((await stat(join(folder, 'large.signed.xml'))).size > 64 * MiB)
})

t.test('sign takes no more memory when it leaves out comments', async t => {
  await comparePeaks(t, name => ['sign', `${name}.xml`, '-o', `${name}.stripped.xml`, '--strip-comments'])
})

t.test('verify takes no more memory, also when it writes the canonical octets', async t => {
  const cert = join(certs, 'sender.crt')
  await comparePeaks(t, name => ['verify', `${name}.signed.xml`, '--cert', cert, '--canonical', `${name}.canonical`])
  const { size } = await stat(join(folder, 'large.canonical'))
  t.ok(size > 64 * MiB && size < (await stat(join(folder, 'large.signed.xml'))).size)
})

t.test('send takes no more memory, and the receiver gets all of it', async t => {
  const receiver = await startServer(t, certs, acceptAndDiscard(certs))
  await comparePeaks(t, name => ['send', `${name}.xml`, '--to', receiver.url.origin, '--timeout', '120'])
})
