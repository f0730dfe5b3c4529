// The campaigns, and what they need: a folder for files, a signer's key.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import type { Campaign } from './campaign.ts'
import { canonicalOctets } from './canonical-octets.ts'
import { interleaved } from './interleaved.ts'
import { pieces } from './pieces.ts'
import { subtrees } from './subtrees.ts'
import { tampering } from './tampering.ts'
import { wellFormedness } from './well-formedness.ts'

/** `close` removes the files. */
export async function openCampaigns(): Promise<{ campaigns: readonly Campaign[]; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-fuzz-'))
  await generate({ out: folder, key: 'ec-p256' })
  const campaigns = [
    canonicalOctets(folder),
    subtrees,
    wellFormedness,
    tampering(folder, await loadIdentity(folder, 'sender')),
    pieces,
    interleaved,
  ]
  return { campaigns, close: () => rm(folder, { recursive: true, force: true }) }
}
