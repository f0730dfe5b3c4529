// Channels: who is notified, whether the latest notification went out, and a test.
import type { ApiSchemas } from '../api/api-types.ts'
import { actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, findRoleObstacle } from '../parts/act-buttons.tsx'
import { type Acting, useActing } from '../parts/acting.tsx'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { formatAgo } from '../texts/formats.ts'
import { AlertTabs } from './alert-tabs.tsx'
import { alertTexts } from './alert-texts.ts'

type Channel = ApiSchemas['AlertChannel']

const EVERY = 15_000
const MAIL_CHANNEL =
  'alerts: { mail: { server: smtps://mail.example.org, from: seg@example.org, to: [operators@example.org] } }'

export function ChannelsPage() {
  const texts = alertTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/alert-channels', {}, { every: EVERY })
  const acting = useActing(again)
  const columns: readonly Column<Channel>[] = [
    { title: texts.channel, cell: ({ name }) => name },
    { title: texts.latest, cell: channel => <LatestResult channel={channel} /> },
    { title: texts.acts, cell: ({ name }) => <ActButtons acts={[testAct(name, acting)]} /> },
  ]
  return (
    <>
      <h1>{texts.channels}</h1>
      <AlertTabs />
      {acting.view}
      <p class="lead">{texts.channelsLead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer?.data.length === 0 && (
        <div class="empty">
          <p>{texts.noChannels}</p>
          <Command text={MAIL_CHANNEL} />
        </div>
      )}
      {answer !== undefined && answer.data.length > 0 && (
        <Table caption={texts.channels} columns={columns} rows={answer.data} keyOf={({ name }) => name} />
      )}
    </>
  )
}

function LatestResult({ channel: { sentAt, failedSince, failure } }: { readonly channel: Channel }) {
  const texts = alertTexts()
  const now = useNow(EVERY)
  if (failedSince !== null)
    return (
      <>
        <span class="tag refused">{texts.failing(formatAgo(new Date(failedSince), now))}</span> {failure}
      </>
    )
  if (sentAt === null) return <span class="muted">{texts.never}</span>
  return <span class="tag accepted">{texts.sent(formatAgo(new Date(sentAt), now))}</span>
}

function testAct(name: string, acting: Acting) {
  const texts = alertTexts()
  return {
    verb: texts.test,
    of: name,
    obstacle: findRoleObstacle('alerts.act'),
    begin: () =>
      acting.begin({
        title: texts.testTitle(name),
        verb: texts.test,
        lead: <p>{texts.testLead}</p>,
        isWithoutReason: true,
        perform: async (_given, key) => {
          const { ok, reason } = await actOnApi('POST /api/v1/alert-channels/{name}/test', { path: { name } }, key)
          return ok ? texts.tested(name) : texts.testFailed(name, reason)
        },
      }),
  }
}
