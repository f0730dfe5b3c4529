// Reads and verifies one large list in a thread of its own.
import { parentPort, workerData } from 'node:worker_threads'
import { Fault } from '@seg/core'
import { verifyCrl } from './verify-crl.ts'

const { octets, issuers } = workerData as { readonly octets: Uint8Array; readonly issuers: readonly Uint8Array[] }

try {
  const parts = verifyCrl(
    Buffer.from(octets.buffer, octets.byteOffset, octets.length),
    issuers.map(der => Buffer.from(der)),
  )
  const { serials, times, reasons, slots } = parts.table
  parentPort!.postMessage({ parts }, [serials.buffer, times.buffer, reasons.buffer, slots.buffer])
} catch (error) {
  if (!(error instanceof Fault)) throw error
  parentPort!.postMessage({ fault: { code: error.code, detail: error.detail } })
}
