// A fault in the language in force: what it means and what to do. What a language lacks is in the
// words of the gateway.
import { faultRemedies } from './fault-remedies.ts'
import { faultSentences } from './fault-sentences.ts'

type Words = { readonly sentence: string; readonly remedy: string }

export function faultInWords(code: string, { sentence, remedy }: Words): Words {
  return { sentence: faultSentences()[code] ?? sentence, remedy: faultRemedies()[code] ?? remedy }
}
