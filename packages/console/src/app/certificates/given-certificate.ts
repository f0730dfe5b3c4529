// A file with a certificate as the API takes it, and what the API answers about the latest one.
import { ApiRefusal } from '../api/client.ts'
import type { ReadFile } from '../parts/drop-zone.tsx'
import { useRef, useState } from '../preact.ts'

/** Octets that the API takes, before base64. */
const MOST = 45_000

export type GivenCertificate<Answer> = {
  /** The answer to the latest file, or why there is none. */
  readonly answer: Answer | undefined
  readonly refusal: ApiRefusal | undefined
  /** Takes the files of a drop zone. */
  readonly take: (files: readonly ReadFile[]) => void
}

/** `ask` gets the text of a certificate; an answer that a later file has overtaken is dropped. */
export function useGivenCertificate<Answer>(
  ask: (certificate: string) => Promise<Answer>,
  tooLarge: string,
): GivenCertificate<Answer> {
  const [answer, setAnswer] = useState<Answer | undefined>(undefined)
  const [refusal, setRefusal] = useState<ApiRefusal | undefined>(undefined)
  const latest = useRef(0)
  const takeOne = async (file: ReadFile) => {
    const turn = ++latest.current
    setRefusal(undefined)
    try {
      const given = await ask(certificateText(file, tooLarge))
      if (turn === latest.current) setAnswer(given)
    } catch (error) {
      if (turn !== latest.current) return
      setAnswer(undefined)
      setRefusal(asRefusal(error))
    }
  }
  const take = ([file]: readonly ReadFile[]) => {
    if (file !== undefined) void takeOne(file)
  }
  return { answer, refusal, take }
}

/** PEM unchanged, other forms in base64. Throws an ApiRefusal. */
export function certificateText({ octets }: ReadFile, tooLarge: string): string {
  if (octets.length > MOST) throw new ApiRefusal({ code: 'certificate-invalid', detail: tooLarge })
  const text = new TextDecoder('latin1').decode(octets)
  return text.includes('-----') ? text : btoa(text)
}

export function asRefusal(error: unknown): ApiRefusal {
  return error instanceof ApiRefusal ? error : new ApiRefusal({ code: 'defect', detail: String(error) })
}
