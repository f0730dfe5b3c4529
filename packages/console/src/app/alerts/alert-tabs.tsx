// Alerts, rules and channels, each a page.
import { Tabs } from '../parts/tabs.tsx'
import { alertTexts } from './alert-texts.ts'

export function AlertTabs() {
  const texts = alertTexts()
  return (
    <Tabs
      label={texts.sections}
      pages={[
        ['/alerts', texts.title],
        ['/alerts/rules', texts.rules],
        ['/alerts/channels', texts.channels],
      ]}
    />
  )
}
