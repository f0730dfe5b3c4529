// Verifies one file under V8's sampling profiler. Arguments: the certificate, the file. Prints the
// nanoseconds of processor time of one verification by item, as JSON.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector/promises'
import { verifyDocument } from '@seg/xmldsig'
import { type ItemName, itemNames, itemOf } from './profile-items.ts'

const [certificatePath = '', path = ''] = process.argv.slice(2)
/** Microseconds of processor time. */
const [WARM_UP, MEASURED] = [1e6, 1e6]
const INTERVAL = 100

const certificate = new X509Certificate(readFileSync(certificatePath))
const document = readFileSync(path)

verifyFor(WARM_UP)
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
await session.post('Profiler.start')
const nanoseconds = verifyFor(MEASURED)
const { profile } = await session.post('Profiler.stop')
process.stdout.write(JSON.stringify(divide(profile, nanoseconds)))

/** Nanoseconds of one verification. */
function verifyFor(microseconds: number): number {
  const start = process.cpuUsage()
  for (let done = 1; ; done++) {
    verifyDocument(document, certificate)
    const { user, system } = process.cpuUsage(start)
    if (user + system >= microseconds) return ((user + system) * 1000) / done
  }
}

/** By the samples in which a function of each item was running. */
function divide({ nodes, samples = [] }: Profiler.Profile, nanoseconds: number): Record<ItemName, number> {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url } }) => [
      id,
      functionName === '(idle)' || functionName === '(program)' ? undefined : itemOf(functionName, url),
    ]),
  )
  const counts = Object.fromEntries(itemNames.map(name => [name, 0])) as Record<ItemName, number>
  let all = 0
  for (const sample of samples) {
    const name = names.get(sample)
    if (name === undefined) continue
    counts[name]++
    all++
  }
  for (const name of itemNames) counts[name] *= nanoseconds / all
  return counts
}
