// Settings, people, sessions and API keys, each a page.
import { Tabs } from '../parts/tabs.tsx'
import { accessTexts } from './access-texts.ts'
import { peopleTexts } from './people-texts.ts'
import { settingTexts } from './setting-texts.ts'

export function SettingTabs() {
  const texts = settingTexts()
  const access = accessTexts()
  return (
    <Tabs
      label={texts.sections}
      pages={[
        ['/settings', texts.title],
        ['/settings/people', peopleTexts().title],
        ['/settings/sessions', access.sessions],
        ['/settings/api-keys', access.keys],
      ]}
    />
  )
}
