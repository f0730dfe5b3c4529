// What changes with time, and what is remembered: dates, periods of authorities, revocation,
// several authorities, snapshots.
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { DAY, type Issued, makeCa, makeLeaf } from '../testing/path-certificates.ts'
import { type Authority, makeTrustAnchors } from './authority.ts'
import { issuerIdOf, parsePathCertificate } from './path-certificate.ts'
import type { RevocationList, RevocationLists } from './revocation-lists.ts'
import { openDecisions, type PathRequest, validatePath } from './validate-path.ts'
import { faultOfPath, type PathVerdict } from './verdict.ts'

const root = makeCa('Root')
const issuing = makeCa('Issuing', { issuer: root })
const leaf = makeLeaf(issuing)
const none = { need: 'none', grace: 0 } as const
const now = new Date()
const at = (days: number) => new Date(now.getTime() + days * DAY)

function authorityOf(name: string, ca: Issued, more: Partial<Authority> = {}): Authority {
  return { name, anchors: [ca.certificate], intermediates: [], revocation: none, ...more }
}

function ask(more: Partial<PathRequest> = {}): PathRequest {
  return {
    leaf: leaf.certificate,
    presented: [issuing.certificate],
    anchors: makeTrustAnchors([authorityOf('gov', root)]),
    purpose: 'client',
    at: now,
    ...more,
  }
}

const listOf = (...revoked: readonly (readonly [Issued, RevocationList['number']?])[]): RevocationList => ({
  number: 1n,
  thisUpdate: at(-1).getTime(),
  nextUpdate: at(0.5).getTime(),
  find: serial =>
    revoked.some(([{ certificate }]) => certificate.serialNumber.toLowerCase() === serial)
      ? { at: at(-0.5).getTime(), reason: 1 }
      : undefined,
})
const listsOf = (...lists: readonly (readonly [Issued, RevocationList])[]): RevocationLists =>
  new Map(lists.map(([ca, list]) => [issuerIdOf(parsePathCertificate(ca.certificate)), list]))

const codeOf = (verdict: PathVerdict) => (verdict.ok ? 'ok' : verdict.code)

t.test('a verdict names the path and the earliest end on it', async t => {
  const verdict = validatePath(ask())
  t.match(verdict, { ok: true, path: [leaf.certificate, issuing.certificate, root.certificate] })
  if (verdict.ok) t.equal(verdict.notAfter.getTime(), leaf.certificate.validToDate.getTime())
})

t.test('an authority counts from its first moment to its last', async t => {
  const within = (from: number, until: number) =>
    codeOf(
      validatePath(
        ask({ anchors: makeTrustAnchors([authorityOf('gov', root, { from: at(from), until: at(until) })]) }),
      ),
    )
  t.equal(within(0, 0), 'ok')
  t.equal(within(-0.5, 0.5), 'ok')
  t.equal(within(0.1, 1), 'certificate-expired')
  t.equal(within(-1, -0.1), 'certificate-expired')
})

t.test('a time that is no date is within nothing', async t => {
  t.equal(codeOf(validatePath(ask({ at: new Date(Number.NaN) }))), 'certificate-expired')
})

t.test('intermediate CAs of an authority lead to its anchors only', async t => {
  const other = makeCa('Other')
  const intermediates = [issuing.certificate]
  const both = [authorityOf('other', other, { intermediates }), authorityOf('gov', root)]
  t.match(validatePath(ask({ presented: [], anchors: makeTrustAnchors(both) })), { ok: false, standsBehind: false })
  const right = [authorityOf('other', other), authorityOf('gov', root, { intermediates })]
  t.match(validatePath(ask({ presented: [], anchors: makeTrustAnchors(right) })), {
    ok: true,
    authority: 'gov',
    authorities: ['gov'],
  })
})

t.test('of several authorities behind a certificate all are named, the first one first', async t => {
  const anchors = makeTrustAnchors([authorityOf('b', issuing), authorityOf('a', root)])
  t.match(validatePath(ask({ anchors })), { ok: true, authority: 'b', authorities: ['b', 'a'] })
})

t.test('a certificate that is on the list of its issuer is revoked, under any policy', async t => {
  const lists = listsOf([issuing, listOf([leaf])], [root, listOf()])
  for (const need of ['none', 'crl'] as const) {
    const anchors = makeTrustAnchors([authorityOf('gov', root, { revocation: { need, grace: 0 } })])
    t.match(validatePath(ask({ anchors, revocation: lists })), { code: 'certificate-revoked', standsBehind: true })
  }
})

t.test('a leaf of a revoked intermediate CA is refused', async t => {
  const verdict = validatePath(ask({ revocation: listsOf([root, listOf([issuing])]) }))
  t.match(verdict, { code: 'certificate-revoked', certificate: { subject: 'CN=Issuing' } })
})

t.test('without a list that is needed for each CA on the path, nothing is accepted', async t => {
  const anchors = makeTrustAnchors([authorityOf('gov', root, { revocation: { need: 'crl', grace: 0 } })])
  const asked = (revocation: RevocationLists) => codeOf(validatePath(ask({ anchors, revocation })))
  t.equal(asked(listsOf()), 'revocation-unknown')
  t.equal(asked(listsOf([issuing, listOf()])), 'revocation-unknown', 'that of the root is missing')
  t.equal(asked(listsOf([issuing, listOf()], [root, listOf()])), 'ok')
})

t.test('a list counts up to its end and its grace, and not before its start', async t => {
  const lists = listsOf([issuing, listOf()])
  const anchors = (grace: number) =>
    makeTrustAnchors([authorityOf('gov', issuing, { revocation: { need: 'crl', grace: grace * DAY } })])
  const asked = (days: number, grace: number) =>
    validatePath(ask({ anchors: anchors(grace), revocation: lists, at: at(days) }))
  t.match(asked(0.5, 0), { ok: true, notAfter: at(0.5) })
  t.equal(codeOf(asked(0.51, 0)), 'revocation-unknown')
  t.match(asked(0.6, 0.1), { ok: true, notAfter: at(0.6) })
  t.equal(codeOf(asked(0.61, 0.1)), 'revocation-unknown')
  const future = { ...listOf(), thisUpdate: at(0.1).getTime() }
  t.equal(
    codeOf(validatePath(ask({ anchors: anchors(1), revocation: listsOf([issuing, future]) }))),
    'revocation-unknown',
  )
})

t.test('what was signed before a revocation counts, unless the key was compromised', async t => {
  const anchors = makeTrustAnchors([authorityOf('gov', issuing)])
  const asked = (days: number, reason: number) => {
    const list = { ...listOf(), find: () => ({ at: at(-0.5).getTime(), reason }) }
    return codeOf(validatePath(ask({ anchors, revocation: listsOf([issuing, list]), at: at(days), isPast: true })))
  }
  t.equal(asked(-0.6, 4), 'ok')
  t.equal(asked(-0.4, 4), 'certificate-revoked')
  t.equal(asked(-0.6, 1), 'certificate-revoked')
})

t.test('for the past, a renewed CA certificate counts before its start as well', async t => {
  const renewed = makeCa('Root', { keys: root.keys, from: -0.1 })
  const old = makeLeaf(renewed)
  const asked = (isPast: boolean) =>
    codeOf(
      validatePath(
        ask({ leaf: old.certificate, anchors: makeTrustAnchors([authorityOf('gov', renewed)]), at: at(-0.5), isPast }),
      ),
    )
  t.equal(asked(true), 'ok')
  t.equal(asked(false), 'certificate-expired')
})

t.test('a bad verdict becomes a Fault with the certificate, what was expected, found and to do', async t => {
  const verdict = validatePath(ask({ at: at(2) }))
  t.notOk(verdict.ok)
  if (verdict.ok) return
  const { code, detail } = faultOfPath(verdict)
  t.equal(code, 'certificate-expired')
  t.match(
    detail,
    /CN=MINISTRY 1_SEG01.*SHA-256 .*validity \(RFC 5280 4\.1\.2\.5\): expected a time from .*, found .*; have it/,
  )
})

t.test('a decision that is remembered still looks at dates, revocation, snapshot, chain and purpose', async t => {
  const decisions = openDecisions()
  const request = ask()
  const codes = (more: Partial<PathRequest>) => codeOf(decisions.validate({ ...request, ...more }))
  t.equal(decisions.validate(request), decisions.validate(request), 'the same verdict')
  t.equal(codes({ at: at(1.1) }), 'certificate-expired')
  t.equal(codes({}), 'ok')
  t.equal(codes({ at: at(-1.1) }), 'certificate-expired')
  t.equal(codes({}), 'ok')
  t.equal(codes({ revocation: listsOf([issuing, listOf([leaf])]) }), 'certificate-revoked')
  t.equal(codes({}), 'ok')
  t.equal(codes({ purpose: 'server' }), 'certificate-purpose')
  t.equal(codes({}), 'ok')
  t.equal(codes({ presented: [] }), 'certificate-untrusted')
  t.equal(codes({}), 'ok')
  t.equal(codes({ anchors: makeTrustAnchors([]) }), 'certificate-untrusted')
  t.equal(codes({}), 'ok')
  t.equal(codes({ leaf: new X509Certificate(leaf.certificate.raw) }), 'ok', 'another object of the same octets')
})

t.test('an authority that starts while a decision is remembered counts from its start', async t => {
  const anchors = makeTrustAnchors([authorityOf('gov', root), authorityOf('next', issuing, { from: at(0.1) })])
  const decisions = openDecisions()
  const request = ask({ anchors })
  t.match(decisions.validate(request), { authorities: ['gov'] })
  t.match(decisions.validate({ ...request, at: at(0.2) }), { authorities: ['gov', 'next'] })
})

t.test('sixty hostile CAs of one name cost a bounded number of signatures', async t => {
  const hostile = Array.from({ length: 60 }, () => makeCa('Issuing').certificate)
  const started = process.cpuUsage()
  t.equal(codeOf(validatePath(ask({ presented: hostile }))), 'certificate-untrusted')
  const { user, system } = process.cpuUsage(started)
  t.ok(user + system < 200_000, `${user + system} µs`)
})
