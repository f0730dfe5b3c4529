// The keys of seg.yaml that hold more than single values.
import type { ConfigurationSection } from '@seg/core'
import { alertsSection, auditSection, openIdSection, peopleSection } from '@seg/operators'
import { receiversSection, staplingSection, trustSection } from '@seg/pki'
import { documentsSection } from '@seg/xmldsig'

export const senderSections: readonly ConfigurationSection[] = [
  trustSection,
  receiversSection,
  staplingSection,
  documentsSection,
  auditSection,
  alertsSection,
  peopleSection,
  openIdSection,
]
