// The signature of what is posted to a webhook, as Standard Webhooks defines it
// (standardwebhooks.com): over id, time and body, by a shared secret.
import { createHmac } from 'node:crypto'

export type WebhookSignature = {
  /** The next piece of the body. */
  update(piece: Uint8Array | string): void
  /** When the body is complete. */
  headers(): Record<string, string>
}

/** `id`: the same for each try to deliver the same thing. */
export function openWebhookSignature(secret: Buffer, id: string, now: Date): WebhookSignature {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const hmac = createHmac('sha256', secret).update(`${id}.${timestamp}.`)
  return {
    update: piece => void hmac.update(piece),
    headers: () => ({
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${hmac.digest('base64')}`,
    }),
  }
}
