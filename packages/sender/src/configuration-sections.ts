// The keys of seg.yaml that hold more than single values.
import type { ConfigurationSection } from '@seg/core'
import { trustSection } from '@seg/pki'

export const senderSections: readonly ConfigurationSection[] = [trustSection]
