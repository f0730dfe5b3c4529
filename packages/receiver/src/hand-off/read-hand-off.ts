// Where accepted documents are handed on to, as the settings say it.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, Fault, nameKind, readSettings } from '@seg/core'
import { loadWebhook } from './webhook.ts'
import type { Webhook } from './webhook-request.ts'

const handOffSettings = ['inbox', 'webhook', 'webhookSecret', 'webhookCa'] as const

export type HandOffTo = { readonly inbox: string | undefined; readonly webhook: Webhook | undefined }

/**
 * Throws the Faults `usage` and `configuration`: documents would be accepted, and never get
 * anywhere.
 */
export async function readHandOff(command: Command, data: string): Promise<HandOffTo> {
  const { inbox, webhook: url, webhookSecret: secret, webhookCa: ca } = readSettings(command, handOffSettings)
  if (url !== 'off' && secret === undefined)
    throw new Fault('usage', '--webhook needs --webhook-secret FILE, which its receiver knows, too')
  const folder = inbox === 'off' ? undefined : resolve(data, inbox)
  if (folder !== undefined) await checkInbox(folder)
  return {
    inbox: folder,
    webhook: url === 'off' || secret === undefined ? undefined : await loadWebhook({ url, secret, ca }),
  }
}

async function checkInbox(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined)
  if (found !== undefined && !found.isDirectory())
    throw new Fault(
      'configuration',
      `expected a folder at ${folder}, found ${nameKind(found)}; name another with --inbox`,
    )
}
