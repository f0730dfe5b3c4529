// Certificates in temporary folders for the tests: a sender, and receivers that it may or may not trust.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, loadIdentity, loadTrust } from '@seg/pki'
import type { Test } from 'tap'
import type { SendingGateway } from '../send.ts'

export const senderId = 'MINISTRY 1_SEG01'
export const receiverId = 'MINISTRY 2_SEG01'

/** A folder that is gone after the test. */
export async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-sender-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A folder with a CA of its own and what it issued: a sender, and a receiver named `receiver` at `hosts`. */
export async function makeCerts(t: Test, receiver = receiverId, hosts = ['localhost', '127.0.0.1']): Promise<string> {
  const folder = await makeFolder(t)
  await generate({ out: folder, key: 'ec-p256', senderId, receiverId: receiver, hosts })
  return folder
}

/** What a gateway under test was told, and how long it paused. */
export type Diary = { readonly notes: string[]; readonly pauses: number[] }

/** A sender that takes no real pauses and jitters as far as it may. Its clock is the real one unless `now` says otherwise. */
export async function openSender(certs: string, data: string, timeout = 10_000, now = () => new Date()): Promise<SendingGateway & Diary> {
  const notes: string[] = []
  const pauses: number[] = []
  const pause = async (milliseconds: number) => void pauses.push(milliseconds)
  return {
    identity: await loadIdentity(certs, 'sender'),
    trust: await loadTrust(certs),
    data,
    patience: { timeout, now, random: () => 0.5, pause, onWait() {} },
    note: line => void notes.push(line),
    notes,
    pauses,
  }
}

export function makeDocument({ id = 'doc123', timestamp = 'YYYY-MM-DDTHH:MM:SSZ', receiver = receiverId, sender = senderId } = {}): Buffer {
  return Buffer.from(`<CriticalDocument id="${id}">
  <SenderID>${sender}</SenderID>
  <ReceiverID>${receiver}</ReceiverID>
  <TimestampForSignature>${timestamp}</TimestampForSignature>
  <Payload>
    <SensitiveData>Lunch party at Saturday</SensitiveData>
  </Payload>
</CriticalDocument>
`)
}
