// The outcome of an act in a word.
import { auditTexts } from './audit-texts.ts'

const looks: Readonly<Record<string, string>> = { pending: 'waiting', success: 'accepted', failure: 'refused' }

export function AuditTag({ outcome }: { readonly outcome: string }) {
  return <span class={`tag ${looks[outcome] ?? ''}`}>{auditTexts().outcomes[outcome] ?? outcome}</span>
}
