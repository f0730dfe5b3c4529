// The key `alerts` of seg.yaml: who is notified.
import { dirname, resolve } from 'node:path'
import {
  type ConfigurationFile,
  type ConfigurationSection,
  listOf,
  optional,
  type Problems,
  readInput,
  readSecretFile,
  record,
  required,
  text,
} from '@seg/core'
import { loadOutboundContext } from '../outbound/outbound-tls.ts'
import { file, loadSyslogServer, syslogRecord } from '../outbound/syslog-record.ts'
import { parseWebhookSecret } from '../outbound/webhook-secret.ts'
import { type Channel, mailChannel, syslogChannel, webhookChannel } from './channels.ts'

const mailServer = text('a mail server, such as smtps://mail.example.org or smtp://mail.example.org:587', value => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isMail = url?.protocol === 'smtps:' || url?.protocol === 'smtp:'
  if (url === undefined || !isMail || url.username !== '' || url.hostname === '') return undefined
  const isImplicit = url.protocol === 'smtps:'
  return { host: url.hostname, port: Number(url.port) || (isImplicit ? 465 : 587), isImplicit }
})
const mailAddress = text('a mail address', value => (/^[^\s@<>"]{1,64}@[\w.-]{1,200}$/.test(value) ? value : undefined))
const line = text('text of one line', value => (/^[^\p{Cc}]{1,256}$/u.test(value) ? value : undefined))
const https = text('an https address', value => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url?.protocol === 'https:' ? url : undefined
})

const form = record({
  mail: optional(
    record({
      server: required(mailServer),
      from: required(mailAddress),
      to: required(listOf(mailAddress)),
      user: optional(line),
      password: optional(file),
      ca: optional(file),
    }),
  ),
  webhook: optional(record({ url: required(https), secret: required(file), ca: optional(file) })),
  syslog: optional(syslogRecord),
})

export const alertsSection = {
  schema: { alerts: form.schema! },
  read(configuration: ConfigurationFile, problems: Problems) {
    const node = configuration.entry('alerts')
    return node && form(node, 'alerts', problems)
  },
} satisfies ConfigurationSection

/** `configuration`: the path of seg.yaml. Throws the Fault `configuration`. */
export async function openAlertChannels(
  configuration: string,
  value: ReturnType<typeof alertsSection.read>,
): Promise<readonly Channel[]> {
  const at = (name: string) => resolve(dirname(configuration), name)
  const channels: Channel[] = []
  if (value?.mail !== undefined) {
    const { server, from, to, user, password, ca } = value.mail
    const secret = password && (await readSecretFile(at(password))).toString('utf8').replace(/\r?\n$/, '')
    if (ca !== undefined) await loadOutboundContext({ ca: at(ca) })
    channels.push(
      mailChannel({
        ...{ ...server, from, to },
        user: user === undefined ? undefined : { name: user, password: secret ?? '' },
        ca: ca && readInput(at(ca)).toString('utf8'),
      }),
    )
  }
  if (value?.webhook !== undefined) {
    const { url, secret, ca } = value.webhook
    const path = at(secret)
    const secureContext = await loadOutboundContext({ ca: ca && at(ca) })
    channels.push(webhookChannel({ url, secret: parseWebhookSecret(await readSecretFile(path), path), secureContext }))
  }
  if (value?.syslog !== undefined) channels.push(syslogChannel(await loadSyslogServer(configuration, value.syslog)))
  return channels
}
