// Settings as they are in force, and where each value comes from.
import { useAddress } from '../address.ts'
import { useAsked } from '../api/use-asked.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { SettingTabs } from './setting-tabs.tsx'
import { settingTexts } from './setting-texts.ts'

export function SettingsPage() {
  const texts = settingTexts()
  const { query, change } = useAddress()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/settings', {})
  const isOnlyChanged = query.changed === 'yes'
  const rows = answer?.data.filter(({ origin }) => !isOnlyChanged || origin !== 'default')
  return (
    <>
      <h1>{texts.title}</h1>
      <SettingTabs />
      <p class="lead">{texts.lead}</p>
      <label class="tick">
        <input
          type="checkbox"
          checked={isOnlyChanged}
          onChange={({ currentTarget }) => change({ changed: currentTarget.checked ? 'yes' : undefined }, true)}
        />
        {texts.onlyChanged}
      </label>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {rows !== undefined && (
        <Table
          caption={texts.title}
          rows={rows}
          keyOf={({ key }) => key}
          columns={[
            { title: texts.setting, cell: ({ key }) => <span class="mono">{key}</span> },
            { title: texts.value, cell: ({ value }) => value },
            {
              title: texts.origin,
              isNarrow: true,
              cell: ({ origin }) => (
                <span class={origin === 'default' ? 'muted' : 'tag'}>{texts.origins[origin] ?? origin}</span>
              ),
            },
            { title: texts.flag, cell: ({ flag }) => <span class="mono">{flag}</span> },
          ]}
        />
      )}
    </>
  )
}
