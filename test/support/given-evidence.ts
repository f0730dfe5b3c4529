// A document, its receipt with a proof of several hashes, and what a reader would trust.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadIdentity } from '@seg/pki'
import type { Test } from 'tap'
import { makeReceipt } from '../../packages/sender/src/testing/foreign-receiver.ts'
import { makeCerts, makeDocument, openTemplate, sign } from '../../packages/sender/src/testing/gateways.ts'

export type Files = Readonly<Record<string, Uint8Array | string>>
export type GivenEvidence = { readonly certs: string; readonly evidence: Files; readonly trust: Files }

export async function makeEvidence(t: Test): Promise<GivenEvidence & { readonly document: Buffer; receipt: Buffer }> {
  const certs = await makeCerts(t)
  const signer = await loadIdentity(certs, 'sender')
  const signed = async (id: string) => sign(await openTemplate(t, makeDocument({ id })), signer)
  for (const id of ['a', 'b', 'c']) await makeReceipt(await signed(id), certs)
  const document = await signed('doc123')
  const receipt = await makeReceipt(document, certs)
  return {
    certs,
    document,
    receipt,
    evidence: { 'receipt.xml': receipt, 'document.xml': document },
    trust: await trustOf(certs),
  }
}

export async function trustOf(certs: string): Promise<Record<'ca.crt' | 'ca.crl' | 'log.pub', Buffer>> {
  const read = (name: string) => readFile(join(certs, name))
  return { 'ca.crt': await read('ca.crt'), 'ca.crl': await read('ca.crl'), 'log.pub': await read('log.pub') }
}

export function asFiles(given: Files) {
  return Object.entries(given).map(([name, octets]) => ({
    name,
    octets: Uint8Array.from(Buffer.from(octets as string)),
  }))
}
