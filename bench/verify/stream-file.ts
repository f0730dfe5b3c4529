// A process of its own: verifies one file as it is read, and prints a Streamed as JSON. Arguments:
// certificate, file to warm up with, file, repeats.
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { openVerifier } from '@seg/xmldsig'

/**
 * Nanoseconds of processor time of one verification; resident bytes before the first, and at most.
 */
export type Streamed = { readonly nanoseconds: number; readonly idle: number; readonly peak: number }

const [certificateFile = '', warmUpFile = '', file = '', repeats = ''] = process.argv.slice(2)
const piece = Buffer.alloc(64 * 1024)
const certificate = new X509Certificate(readFileSync(certificateFile))

// proc_pid_clear_refs(5): forgets the peak of start-up. What comes after, compiling included, is
// verification's.
writeFileSync('/proc/self/clear_refs', '5')
const idle = process.memoryUsage.rss()
for (const end = performance.now() + 2000; performance.now() < end; ) await verifyFile(warmUpFile)
const start = process.cpuUsage()
for (let done = 0; done < Number(repeats); done++) await verifyFile(file)
const { user, system } = process.cpuUsage(start)
const streamed: Streamed = { nanoseconds: ((user + system) * 1000) / Number(repeats), idle, peak: readPeak() }
process.stdout.write(JSON.stringify(streamed))

async function verifyFile(path: string): Promise<void> {
  const verifier = openVerifier(certificate)
  await using opened = await open(path)
  // The same octets each time: what Node's own streams leave to the collector would be counted as
  // ours.
  for (;;) {
    const { bytesRead } = await opened.read(piece, 0, piece.length)
    if (bytesRead === 0) break
    verifier.write(piece.subarray(0, bytesRead))
  }
  verifier.end()
}

/** proc_pid_status(5): the highest resident set. */
function readPeak(): number {
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1])
}
