// Whether one certificate could be recognized as two partners: an error of the configuration, found
// before it counts.
import { quote } from '@seg/core'
import type { CertificateRule, Partner } from './partner.ts'

type Owned = { readonly partner: Partner; readonly rule: CertificateRule }

/**
 * The rule of the later line is named. A pin without an authority is compared with other pins only
 * (see `matchPartner`).
 */
export function findAmbiguities(partners: readonly Partner[]): { readonly line: number; readonly text: string }[] {
  const found: { line: number; text: string }[] = []
  const rules = new Map<string, Owned[]>()
  for (const partner of partners) {
    for (const rule of partner.certificates) {
      const { seek, store } = keysOf(rule)
      const other = seek
        .flatMap(key => rules.get(key) ?? [])
        .find(one => one.partner !== partner && couldBeOne(one.rule, rule))
      if (other !== undefined)
        found.push({
          line: rule.line,
          text:
            `partner ${quote(partner.id)}: a certificate that this recognizes could ` +
            `be that of ${quote(other.partner.id)} (line ${other.rule.line}), too`,
        })
      for (const key of store) addTo(rules, key, { partner, rule })
    }
  }
  return found
}

function addTo(rules: Map<string, Owned[]>, key: string, owned: Owned): void {
  const known = rules.get(key)
  if (known === undefined) rules.set(key, [owned])
  else known.push(owned)
}

const CN = '2.5.4.3'

/**
 * Where rules stand that one certificate could meet, too: thousands of partners under one authority
 * differ by their CN.
 */
function keysOf({ authority, sha256, spki, subject }: CertificateRule): { seek: string[]; store: string[] } {
  const pins = [sha256 && `sha256 ${sha256}`, spki && `spki ${spki}`].filter(key => key !== undefined)
  if (authority === undefined) return { seek: pins, store: pins }
  const cn = subject.get(CN)
  const [all, unnamed, named] = [`all ${authority}`, `unnamed ${authority}`, `named ${authority} ${cn}`]
  return cn === undefined
    ? { seek: [...pins, all], store: [...pins, all, unnamed] }
    : { seek: [...pins, unnamed, named], store: [...pins, all, named] }
}

function couldBeOne(a: CertificateRule, b: CertificateRule): boolean {
  if (!a.uses.some(use => b.uses.includes(use))) return false
  if (a.until < b.from || b.until < a.from) return false
  if (differ(a.authority, b.authority) || differ(a.sha256, b.sha256) || differ(a.spki, b.spki) || differ(a.uri, b.uri))
    return false
  for (const [type, value] of a.subject) if (differ(value, b.subject.get(type))) return false
  return true
}

/** A certificate has one of each that a rule names, so two values exclude each other. */
function differ(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b
}
