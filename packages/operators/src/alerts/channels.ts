// Where alerts go: mail, a webhook, syslog. The only file that knows nodemailer.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { checkServerIdentity, rootCertificates, type SecureContext } from 'node:tls'
import { outboundProtocol } from '../outbound/outbound-tls.ts'
import { openWebhookSignature } from '../outbound/standard-webhook.ts'
import { type SyslogServer, sendSyslog } from '../outbound/syslog.ts'
import { messageSubjectOf, messageTextOf, type Notification } from './notification.ts'

export type Channel = {
  readonly name: 'mail' | 'webhook' | 'syslog'
  /** Resolves when it was taken. Rejects with the reason. */
  send(notification: Notification, signal: AbortSignal): Promise<void>
}

export type MailServer = {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; otherwise STARTTLS, without which nothing is sent. */
  readonly isImplicit: boolean
  readonly user: { readonly name: string; readonly password: string } | undefined
  readonly ca: string | undefined
  readonly from: string
  readonly to: readonly string[]
}

/** Milliseconds without an answer. */
const STALL_TIME = 10_000

export function mailChannel({ host, port, isImplicit, user, ca, from, to }: MailServer): Channel {
  return {
    name: 'mail',
    async send(notification) {
      // Loaded with the first mail: few gateways send any.
      const { createTransport } = await import('nodemailer')
      const transport = createTransport({
        ...{ host, port, secure: isImplicit, requireTLS: true },
        ...(user && { auth: { user: user.name, pass: user.password } }),
        // The CAs are named, so that no variable adds one (NODE_EXTRA_CA_CERTS).
        tls: { ca: ca ?? [...rootCertificates], ...outboundProtocol, rejectUnauthorized: true, checkServerIdentity },
        ...{ connectionTimeout: STALL_TIME, greetingTimeout: STALL_TIME, socketTimeout: STALL_TIME },
        // Neither files nor addresses are read for what a message holds.
        ...{ disableFileAccess: true, disableUrlAccess: true },
      })
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: messageSubjectOf(notification),
          text: messageTextOf(notification),
        })
      } finally {
        transport.close()
      }
    },
  }
}

type WebhookPlace = { readonly url: URL; readonly secret: Buffer; readonly secureContext: SecureContext }

export function webhookChannel({ url, secret, secureContext }: WebhookPlace): Channel {
  return {
    name: 'webhook',
    async send(notification, signal) {
      const body = JSON.stringify({ type: 'alerts', ...notification })
      const signature = openWebhookSignature(secret, `alert-${randomUUID()}`, notification.at)
      signature.update(body)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...signature.headers(),
      }
      const safe = { secureContext, rejectUnauthorized: true, checkServerIdentity, agent: false, signal } as const
      const outgoing = request(url, { method: 'POST', headers, timeout: STALL_TIME, ...safe })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${STALL_TIME / 1000} s`)))
      outgoing.end(body)
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
      outgoing.on('error', () => {})
      outgoing.destroy()
      const { statusCode = 0 } = answer
      if (statusCode < 200 || statusCode > 299) throw new Error(`expected a status of 2xx, found ${statusCode}`)
    },
  }
}

export function syslogChannel(server: SyslogServer): Channel {
  return {
    name: 'syslog',
    send: ({ gateway, node, at, alerts }, signal) =>
      sendSyslog(
        server,
        alerts.map(alert => ({
          facility: 'log alert',
          severity: alert.state === 'resolved' ? 'notice' : alert.severity === 'page' ? 'alert' : 'warning',
          at,
          kind: alert.rule,
          text: JSON.stringify({ gateway, node, ...alert }),
        })),
        signal,
      ),
  }
}
