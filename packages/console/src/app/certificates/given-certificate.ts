// A file with a certificate as the API takes it.
import { ApiRefusal } from '../api/client.ts'
import type { ReadFile } from '../parts/drop-zone.tsx'

/** Octets that the API takes, before base64. */
const MOST = 45_000

/** PEM as it is, what else in base64. Throws a ApiRefusal. */
export function certificateText({ octets }: ReadFile, tooLarge: string): string {
  if (octets.length > MOST) throw new ApiRefusal({ code: 'certificate-invalid', detail: tooLarge })
  const text = new TextDecoder('latin1').decode(octets)
  return text.includes('-----') ? text : btoa(text)
}

export function asRefusal(error: unknown): ApiRefusal {
  return error instanceof ApiRefusal ? error : new ApiRefusal({ code: 'defect', detail: String(error) })
}
