// Health and the tasks that look at it or keep it, each a page.
import { Tabs } from '../parts/tabs.tsx'
import { healthTexts } from './health-texts.ts'
import { taskTexts } from './task-texts.ts'

export function HealthTabs() {
  const texts = taskTexts()
  return (
    <Tabs
      label={texts.sections}
      pages={[
        ['/health', healthTexts().title],
        ['/health/tasks', texts.title],
      ]}
    />
  )
}
