// One act that waits: who asked for it and why, what it changes, and who may decide it.
import type { ApiSchemas } from '../api/api-types.ts'
import { actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ChangeTable } from '../audit/change-table.tsx'
import type { PageProps } from '../page.ts'
import { ActButtons, type OfferedAct, obstacleOf } from '../parts/act-buttons.tsx'
import { type Acting, givenReason, useActing } from '../parts/acting.tsx'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { FactList, FullTime } from '../parts/values.tsx'
import { useState } from '../preact.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { ApprovalTag } from './approval-tag.tsx'
import { approvalTexts, titleOf } from './approval-texts.ts'
import { changesOf, readAskedAct } from './asked-act.ts'

type Approval = ApiSchemas['Approval']

const EVERY = 5000

export function ApprovalPage({ params }: PageProps) {
  const texts = approvalTexts()
  const asking = { path: { id: params.id ?? '' } }
  const { answer, refusal, at, again } = useAsked('GET /api/v1/approvals/{id}', asking, { every: EVERY })
  const acting = useActing(again)
  const [key, setKey] = useState<string | undefined>(undefined)
  return (
    <>
      <h1>{answer === undefined ? texts.title : titleOf(answer)}</h1>
      {acting.view}
      {key !== undefined && (
        <div class="notice waiting">
          <p>
            <strong>{texts.shownOnce}</strong>
          </p>
          <Command text={key} />
        </div>
      )}
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && (
        <>
          <ActButtons acts={decisionsOf(answer, acting, setKey)} />
          <AskedFor approval={answer} />
          <Changes approval={answer} />
        </>
      )}
      <p class="beside">
        <a href="/approvals">{texts.all}</a>
      </p>
    </>
  )
}

function AskedFor({ approval }: { readonly approval: Approval }) {
  const texts = approvalTexts()
  const { roles } = sharedTexts()
  const { state, act, author, at, expiresAt, decidedBy, decidedAt, reason } = approval
  return (
    <FactList
      rows={[
        [texts.state, <ApprovalTag key="state" state={state} />],
        [texts.author, `${author.id} (${roles[author.role] ?? author.role})`],
        [texts.why, readAskedAct(approval).why],
        [texts.asked, <FullTime key="at" at={at} />],
        [texts.until, state === 'waiting' ? <FullTime at={expiresAt} /> : null],
        [texts.decidedBy, decidedBy],
        [texts.decidedAt, decidedAt && <FullTime at={decidedAt} />],
        [texts.reason, reason],
        [texts.request, <code key="act">{act}</code>],
      ]}
    />
  )
}

/** Of what is decided there is no before any more: what was asked for is shown. */
function Changes({ approval }: { readonly approval: Approval }) {
  const texts = approvalTexts()
  const isWaiting = approval.state === 'waiting'
  const { answer, refusal, again } = useAsked('GET /api/v1/trust', {}, { every: EVERY, isWanted: isWaiting })
  const asked = readAskedAct(approval)
  return (
    <section class="section" aria-labelledby="changes">
      <h2 id="changes">{isWaiting ? texts.changes : texts.askedFor}</h2>
      {!isWaiting && <pre class="record">{JSON.stringify(asked.given, null, 2)}</pre>}
      {isWaiting && refusal !== undefined && <RefusalNotice refusal={refusal} again={again} />}
      {isWaiting && answer !== undefined && <ChangeTable caption={texts.changes} changes={changesOf(asked, answer)} />}
    </section>
  )
}

function decisionsOf(approval: Approval, acting: Acting, show: (key: string) => void): readonly OfferedAct[] {
  const texts = approvalTexts()
  const { id, acts } = approval
  const title = titleOf(approval)
  const path = { id }
  return [
    {
      verb: texts.approve,
      of: title,
      isFirst: true,
      obstacle: obstacleOf(acts, 'approve'),
      begin: () =>
        acting.begin({
          title: texts.approveTitle(title),
          verb: texts.approve,
          lead: <p>{texts.approveLead(approval.author.id)}</p>,
          isWithoutReason: true,
          perform: async (_given, key) => {
            const { answer } = await actOnApi('POST /api/v1/approvals/{id}/approve', { path }, key)
            const made = (JSON.parse(answer) as { readonly key?: unknown }).key
            if (typeof made === 'string') show(made)
            return texts.approved(title)
          },
        }),
    },
    {
      verb: texts.refuse,
      of: title,
      obstacle: obstacleOf(acts, 'refuse'),
      begin: () =>
        acting.begin({
          title: texts.refuseTitle(title),
          verb: texts.refuse,
          lead: <p>{texts.refuseLead}</p>,
          perform: async (given, key) => {
            const body = { why: givenReason(given) }
            await actOnApi('POST /api/v1/approvals/{id}/refuse', { path, body }, key)
            return texts.refused(title)
          },
        }),
    },
  ]
}
