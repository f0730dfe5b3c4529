// The log and its witnesses, each a page.
import { Tabs } from '../parts/tabs.tsx'
import { logTexts } from './log-texts.ts'
import { witnessTexts } from './witness-texts.ts'

export function LogTabs() {
  const texts = witnessTexts()
  return (
    <Tabs
      label={texts.sections}
      pages={[
        ['/log', logTexts().title],
        ['/log/witnesses', texts.title],
      ]}
    />
  )
}
