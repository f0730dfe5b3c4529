// Whether a certificate counts, and whether it is time to renew it.
import { certificateTexts } from './certificate-texts.ts'
import { stateInWords } from './renewal-window.ts'

const looks: Readonly<Record<string, string>> = { valid: 'accepted', due: 'waiting' }

type TagProps = {
  readonly certificate: { readonly validFrom: string; readonly validTo: string; readonly state: string }
  readonly now: Date
}

export function CertificateTag({ certificate, now }: TagProps) {
  const state = stateInWords(certificate, now)
  return <span class={`tag ${looks[state] ?? 'refused'}`}>{certificateTexts().states[state] ?? state}</span>
}
