// The chain matrix: what a validator must accept and refuse; `openssl verify` is asked about each
// chain as well.
import t from 'tap'
import { accepted, type ChainCase, refused } from '../testing/chains.ts'
import { askOpenssl, hasOpenssl } from '../testing/openssl-verify.ts'
import { makeTrustAnchors } from './authority.ts'
import { validatePath } from './validate-path.ts'

if (!hasOpenssl) t.comment('SKIPPED: openssl is not installed, so no chain is compared with its verdict')

const revocation = { need: 'none', grace: 0 } as const

function validate({ leaf, presented = [], anchors }: ChainCase) {
  const authority = { name: 'gov', anchors, intermediates: [], revocation }
  return validatePath({ leaf, presented, anchors: makeTrustAnchors([authority]), purpose: 'client', at: new Date() })
}

for (const [what, chain] of Object.entries(accepted)) {
  t.test(`accepts ${what}, as OpenSSL does`, async t => {
    const verdict = validate(chain)
    t.match(verdict, { ok: true, authority: 'gov', authorities: ['gov'] })
    if (verdict.ok) t.equal(verdict.path[0], chain.leaf)
    if (hasOpenssl) t.match(askOpenssl({ presented: [], ...chain, ...chain.asked }), { ok: true })
  })
}

for (const [what, { code, found, stricter, ...chain }] of Object.entries(refused)) {
  t.test(`refuses ${what}${stricter === undefined ? ', as OpenSSL does' : ''}`, async t => {
    const standsBehind = code !== 'certificate-untrusted'
    t.match(validate(chain), { ok: false, code, standsBehind, found, remedy: /./, certificate: { sha256: /:/ } })
    // It wants a file with something in it.
    const isAsked = hasOpenssl && chain.anchors.length > 0
    if (isAsked) t.match(askOpenssl({ presented: [], ...chain }), { ok: stricter !== undefined })
  })
}
