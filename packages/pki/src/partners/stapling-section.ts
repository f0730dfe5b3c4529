// The key `stapling` of seg.yaml (docs/pki.md#stapling): the OCSP responder that a receiver asks
// about its own certificate.
import type { ConfigurationFile, ConfigurationSection, Problems } from '@seg/core'
import { responder } from './record-values.ts'

export const staplingSection = {
  schema: { stapling: responder.schema! },
  /** Undefined: there is none to ask. */
  read(file: ConfigurationFile, problems: Problems): string | undefined {
    const node = file.entry('stapling')
    return (node && responder(node, 'stapling', problems)) ?? undefined
  },
} satisfies ConfigurationSection
