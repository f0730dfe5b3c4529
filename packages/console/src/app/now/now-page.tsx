// The front page.
import { nowTexts } from './now-texts.ts'

export function NowPage() {
  const texts = nowTexts()
  return <h1>{texts.title}</h1>
}
