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
  /** Takes one as text. */
  readonly takeText: (certificate: string) => void
}

/** `ask` gets the text of a certificate; an answer that a later file has overtaken is dropped. */
export function useGivenCertificate<Answer>(
  ask: (certificate: string) => Promise<Answer>,
  tooLarge: string,
): GivenCertificate<Answer> {
  const [answer, setAnswer] = useState<Answer | undefined>(undefined)
  const [refusal, setRefusal] = useState<ApiRefusal | undefined>(undefined)
  const latest = useRef(0)
  const takeOne = async (textOf: () => string) => {
    const turn = ++latest.current
    setRefusal(undefined)
    try {
      const given = await ask(textOf())
      if (turn === latest.current) setAnswer(given)
    } catch (error) {
      if (turn !== latest.current) return
      setAnswer(undefined)
      setRefusal(asRefusal(error))
    }
  }
  const take = ([file]: readonly ReadFile[]) => {
    if (file !== undefined) void takeOne(() => certificateText(file, tooLarge))
  }
  const takeText = (certificate: string) => void takeOne(() => certificate)
  return { answer, refusal, take, takeText }
}

/** PEM unchanged, other forms in base64. Throws an ApiRefusal. */
export function certificateText(file: ReadFile, tooLarge: string): string {
  const text = textOf(file, tooLarge)
  return text.includes('-----') ? text : btoa(text)
}

/** Throws an ApiRefusal. */
export function fileInBase64(file: ReadFile, tooLarge: string): string {
  return btoa(textOf(file, tooLarge))
}

/** A character for each octet. */
function textOf({ octets }: ReadFile, tooLarge: string): string {
  if (octets.length > MOST) throw new ApiRefusal({ code: 'certificate-invalid', detail: tooLarge })
  return String.fromCharCode(...octets)
}

export function asRefusal(error: unknown): ApiRefusal {
  return error instanceof ApiRefusal ? error : new ApiRefusal({ code: 'defect', detail: String(error) })
}
