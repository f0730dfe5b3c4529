// Partners and the certificates that they announced, each a page.
import { Tabs } from '../parts/tabs.tsx'
import { announcedTexts } from './announced-texts.ts'
import { partnerTexts } from './partner-texts.ts'

export function PartnerTabs() {
  const texts = announcedTexts()
  return (
    <Tabs
      label={texts.sections}
      pages={[
        ['/partners', partnerTexts().title],
        ['/partners/announced', texts.title],
      ]}
    />
  )
}
