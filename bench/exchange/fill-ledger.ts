// A ledger with a history: as many acceptances as are asked for, through the ledger's own port, of
// documents that are short and never read.
import { createHash } from 'node:crypto'
import { type Ledger, makeCertificateChain, openLedger } from '@seg/ledger'
import { loadIdentity, loadLogKey } from '@seg/pki'

/** Acceptances under way: enough for full transactions. */
const LANES = 512
const CONTENT = Buffer.from('<CriticalDocument/>')
/** The ledger reads no certificate. */
const chain = makeCertificateChain([Buffer.from('certificate'), Buffer.from('certificate of the CA')])

/** Under the log of the receiver in `certs`, which can go on with it. */
export async function fillLedger(folder: string, certs: string, entries: number): Promise<void> {
  const log = await loadLogKey(certs, (await loadIdentity(certs, 'receiver')).id)
  const ledger = await openLedger(folder, {
    log,
    sealer: { module: new URL('./short-sealer.ts', import.meta.url).href, data: undefined },
  })
  let next = 0
  /** Each in a millisecond of its own, as no log has thousands in one. */
  const begin = Date.now() - entries
  const lane = async () => {
    while (next < entries) await acceptOne(ledger, next, begin + next++)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  await ledger.close()
}

async function acceptOne(ledger: Ledger, number: number, at: number): Promise<void> {
  const digest = createHash('sha256').update(`document ${number}`).digest()
  const [sha256, referenceDigest] = [digest.toString('hex'), digest.toString('base64')]
  const content = ledger.stage()
  await content.write(CONTENT)
  // Ids in no order, as senders' are.
  const document = {
    sender: 'MINISTRY 1_SEG01',
    id: sha256.slice(0, 24),
    acceptedAt: new Date(at).toISOString(),
    bytes: CONTENT.length,
    sha256,
    referenceDigest,
    chain,
  }
  await ledger.accept(document, content)
}
