// What a check of a certificate found; of one that failed, what to do.
import { certificateCheckInWords, type ShownCheck } from './check-texts.ts'

export function FoundByCheck({ check }: { readonly check: ShownCheck }) {
  const { found, detail, remedyTitle, remedy } = certificateCheckInWords(check)
  return (
    <>
      <p>{found}</p>
      {detail !== undefined && (
        <p class="muted" lang="en">
          {detail}
        </p>
      )}
      {remedy !== undefined && (
        <p>
          {remedyTitle} {remedy}
        </p>
      )}
    </>
  )
}
