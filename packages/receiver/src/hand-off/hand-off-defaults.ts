// What the targets read of the settings, and the defaults of these.
export const handOffDefaults = {
  inbox: 'inbox',
  webhook: 'off',
  webhookSecret: undefined,
  webhookCa: undefined,
  nats: 'off',
  natsStream: undefined,
  natsSubject: 'seg.documents',
  natsCredentials: undefined,
  natsCa: undefined,
  natsCertificate: undefined,
  natsKey: undefined,
} as const
