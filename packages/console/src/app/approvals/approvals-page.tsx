// Acts that wait for another person, and what became of earlier ones.
import type { ApiSchemas } from '../api/api-types.ts'
import { useAsked } from '../api/use-asked.ts'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { DayTime } from '../parts/values.tsx'
import { sharedTexts } from '../texts/shared-texts.ts'
import { ApprovalTag } from './approval-tag.tsx'
import { approvalTexts, titleOf } from './approval-texts.ts'

type Approval = ApiSchemas['Approval']

const EVERY = 10_000

export function ApprovalsPage() {
  const texts = approvalTexts()
  const { roles } = sharedTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/approvals', {}, { every: EVERY })
  const asked: readonly Column<Approval>[] = [
    { title: texts.act, cell: approval => <a href={`/approvals/${approval.id}`}>{titleOf(approval)}</a> },
    { title: texts.author, cell: ({ author: { id, role } }) => `${id} (${roles[role] ?? role})` },
    { title: texts.asked, isNarrow: true, cell: approval => <DayTime at={approval.at} /> },
  ]
  const waiting: readonly Column<Approval>[] = [
    ...asked,
    { title: texts.until, isNarrow: true, cell: ({ expiresAt }) => <DayTime at={expiresAt} /> },
  ]
  const decided: readonly Column<Approval>[] = [
    ...asked,
    { title: texts.state, isNarrow: true, cell: ({ state }) => <ApprovalTag state={state} /> },
    { title: texts.decidedBy, cell: ({ decidedBy }) => decidedBy },
    { title: texts.reason, cell: ({ reason }) => reason },
  ]
  const inState = (isWaiting: boolean) => answer?.data.filter(({ state }) => (state === 'waiting') === isWaiting) ?? []
  return (
    <>
      <h1>{texts.title}</h1>
      <p class="lead">{texts.lead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer === undefined && refusal === undefined && <p class="muted">{sharedTexts().loading}</p>}
      {answer !== undefined && inState(true).length === 0 && (
        <div class="empty">
          <p>{texts.empty}</p>
          <Command text="pnpm --filter receiver start --four-eyes on" />
        </div>
      )}
      {inState(true).length > 0 && (
        <Table caption={texts.waiting} columns={waiting} rows={inState(true)} keyOf={({ id }) => id} />
      )}
      {inState(false).length > 0 && (
        <section class="section" aria-labelledby="decided">
          <h2 id="decided">{texts.decided}</h2>
          <Table caption={texts.decided} columns={decided} rows={inState(false)} keyOf={({ id }) => id} />
        </section>
      )}
    </>
  )
}
