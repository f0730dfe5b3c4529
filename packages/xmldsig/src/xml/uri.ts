// URI syntax (RFC 3986): what a namespace name must be (Namespaces in XML 1.0, 2 and 3), save that
// relative ones are refused.

const unreserved = 'A-Za-z0-9._~\\-'
const delimiters = "!$&'()*+,;="
const escaped = '%[0-9A-Fa-f]{2}'
const character = `(?:[${unreserved}${delimiters}:@]|${escaped})`
const userinfo = `(?:(?:[${unreserved}${delimiters}:]|${escaped})*@)?`
const host = `(?:\\[[0-9A-Fa-f:.]+\\]|(?:[${unreserved}${delimiters}]|${escaped})*)`
const authority = `${userinfo}${host}(?::[0-9]{0,5})?`
const hierarchy = `(?://${authority}(?:/${character}*)*|(?!//)(?:/|${character})*)`
const rest = `(?:/|\\?|${character})*`
const absoluteUri = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:${hierarchy}(?:\\?${rest})?(?:#${rest})?$`)

/** Whether `text` is a URI with a scheme. Linear in its length. */
export function isAbsoluteUri(text: string): boolean {
  return absoluteUri.test(text)
}
