// When a certificate must be renewed: by its lifetime, not by days, or short-lived ones would warn
// all the time.

type Dated = { readonly validFrom: string; readonly validTo: string; readonly state: string }

/** Where its last third begins. */
export function renewalStart({ validFrom, validTo }: Pick<Dated, 'validFrom' | 'validTo'>): Date {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
  return new Date(to - (to - from) / 3)
}

export function stateInWords(certificate: Dated, now: Date): string {
  return certificate.state === 'valid' && now >= renewalStart(certificate) ? 'due' : certificate.state
}
