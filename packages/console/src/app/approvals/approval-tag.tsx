// The state of an act that waits or waited, as a tag.
import { approvalTexts } from './approval-texts.ts'

const looks: Readonly<Record<string, string>> = { waiting: 'waiting', approved: 'accepted', refused: 'refused' }

export function ApprovalTag({ state }: { readonly state: string }) {
  return <span class={`tag ${looks[state] ?? ''}`}>{approvalTexts().states[state] ?? state}</span>
}
