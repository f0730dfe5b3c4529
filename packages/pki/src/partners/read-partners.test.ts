import { Problems, readYamlTree, type YamlNode } from '@seg/core'
import t from 'tap'
import type { TrustRecord } from './partner.ts'
import { partnerDigest, readTrustRecord } from './read-partners.ts'

function read(yaml: string): { record: TrustRecord; problems: string[] } {
  const tree = readYamlTree(yaml)
  if ('problems' in tree) throw new TypeError(JSON.stringify(tree.problems))
  const entry = (key: string): YamlNode | undefined =>
    tree.root.kind === 'map' ? tree.root.entries.find(one => one.key === key)?.value : undefined
  const problems = new Problems()
  const record = readTrustRecord(
    { trust: entry('trust'), partners: entry('partners'), documents: entry('documents') },
    problems,
  )
  try {
    problems.throwIfAny('seg.yaml')
    return { record, problems: [] }
  } catch (error) {
    return { record, problems: (error as Error & { detail: string }).detail.split('\n').map(line => line.trim()) }
  }
}

const sha = 'AB'.repeat(32)
const authorities = `trust:
  mode: listed
  authorities:
    gov: { anchors: trust/gov.pem, intermediates: trust/issuing.pem, from: 2026-01-01, until: 2030-01-01 }
    qtsp: { anchors: trust/qtsp.pem, revocation: { need: crl, crl: [trust/qtsp.crl], grace: 24h } }
`

t.test('reads authorities and partners in the documented shape', async t => {
  const zeros = Buffer.alloc(32).toString('base64')
  const { record, problems } = read(`${authorities}partners:
  - id: MINISTRY 1_SEG01
    name: Ministry 1
    contact: duty@ministry1.example
    certificates:
      - { for: [tls, sign], authority: gov, subject: { CN: "MINISTRY 1_SEG01" } }
      - { for: [tls], authority: qtsp, subject: { organizationIdentifier: NTREE-12345678, CN: gw1 } }
      - { for: [tls, sign], sha256: "${sha}", until: 2027-03-01 }
      - { for: [tls], authority: gov, san: { uri: "urn:gov:gw:1" } }
    limits: { bytes: 50MB, clock-skew: 300 }
  - { id: "00123", state: suspended, certificates: [{ for: [tls, sign], spki: "sha256/${zeros}" }] }
`)
  t.same(problems, [])
  t.equal(record.mode, 'listed')
  t.match(record.authorities, [
    {
      name: 'gov',
      anchors: 'trust/gov.pem',
      intermediates: 'trust/issuing.pem',
      until: Date.parse('2030-01-01T23:59:59.999Z'),
    },
    { name: 'qtsp', needsCrl: true, crls: ['trust/qtsp.crl'], grace: 86_400_000 },
  ])
  const [first, second] = record.partners
  t.match(first, {
    id: 'MINISTRY 1_SEG01',
    state: 'active',
    limits: { bytes: 50_000_000, clockSkew: 300 },
  })
  t.match(first?.certificates[2], {
    uses: ['tls', 'sign'],
    sha256: sha.replace(/..(?!$)/g, '$&:'),
    until: Date.parse('2027-03-01T23:59:59.999Z'),
  })
  t.equal(first?.certificates[1]?.subject.get('2.5.4.97'), 'NTREE-12345678')
  t.match(second, { id: '00123', state: 'suspended' })
})

t.test('without anything, the one authority is certs/ca.crt', async t => {
  t.match(read('port: 1').record, { mode: 'ca', authorities: [], partners: [] })
  t.match(read('trust: ca\npartners: [{ id: A, state: suspended }]').record, {
    mode: 'ca',
    partners: [{ id: 'A', state: 'suspended' }],
  })
})

t.test('reports every problem of a file at once, each with its line', async t => {
  const { problems } = read(`trust:
  mode: open
  authorities:
    gov: { anchor: x.pem }
partners:
  - id: " A"
    stat: active
    certificates:
      - { for: [tls, mail], authority: gov, subject: { XX: y }, until: 2027-02-30 }
    limits: { bytes: 5 bananas }
`)
  for (const [line, text] of [
    [2, 'expected ca or listed'],
    [4, 'unknown key "anchor"'],
    [4, 'anchors is missing'],
    [6, 'expected an id'],
    [7, 'unknown key "stat"'],
    [9, 'expected tls or sign, found "mail"'],
    [9, 'unknown attribute "XX"'],
    [9, 'found "2027-02-30"'],
    [10, 'expected a size'],
  ] as const)
    t.ok(
      problems.some(problem => problem.startsWith(`seg.yaml:${line}:`) && problem.includes(text)),
      `${line}: ${text} in ${problems.join(' | ')}`,
    )
})

const partner = (id: string, ...rules: string[]) => `  - { id: ${id}, certificates: [${rules.join(', ')}] }\n`
const both = 'for: [tls, sign]'
const wrong: Readonly<Record<string, readonly [yaml: string, problem: RegExp]>> = {
  'a partner that is listed twice': [
    `${authorities}partners:\n${partner('A', `{ ${both}, authority: gov, subject: { CN: a } }`)}` +
      `${partner('A', `{ ${both}, authority: gov, subject: { CN: b } }`)}`,
    /listed twice/,
  ],
  'a certificate that two partners could have, by another attribute': [
    `${authorities}partners:\n${partner('A', `{ ${both}, authority: gov, subject: { CN: a } }`)}` +
      `${partner('B', `{ ${both}, authority: gov, subject: { O: o } }`)}`,
    /could be that of "A"/,
  ],
  'a certificate that two partners could have, by SAN and subject': [
    `${authorities}partners:\n${partner('A', `{ ${both}, authority: gov, san: { uri: "urn:a" } }`)}` +
      `${partner('B', `{ ${both}, authority: gov, subject: { CN: b } }`)}`,
    /could be that of "A"/,
  ],
  'one pin for two partners': [
    `${authorities}partners:\n` +
      `${partner('A', `{ ${both}, sha256: ${sha} }`)}${partner('B', `{ ${both}, sha256: ${sha} }`)}`,
    /could be that of "A"/,
  ],
  'a name without an authority': [
    `${authorities}partners:\n${partner('A', `{ ${both}, subject: { CN: a } }`)}`,
    /expected an authority, or a pin/,
  ],
  'an authority without a name': [
    `${authorities}partners:\n${partner('A', `{ ${both}, authority: gov }`)}`,
    /all that it issues/,
  ],
  'an authority that is not there': [
    `${authorities}partners:\n${partner('A', `{ ${both}, authority: gv, subject: { CN: a } }`)}`,
    /unknown authority "gv"; known: gov, qtsp/,
  ],
  'nothing to recognize connections by': [
    `${authorities}partners:\n${partner('A', '{ for: [sign], authority: gov, subject: { CN: a } }')}`,
    /expected a certificate for tls/,
  ],
  'nothing to verify documents with': [
    `${authorities}partners:\n${partner('A', '{ for: [tls], authority: gov, subject: { CN: a } }')}`,
    /expected a certificate for sign/,
  ],
  'authorities in the mode ca': [authorities.replace('listed', 'ca'), /belong to the mode listed/],
  'certificates in the mode ca': [
    `partners:\n${partner('A', `{ ${both}, authority: ca, subject: { CN: a } }`)}`,
    /belong to trust.mode listed/,
  ],
  'a need for lists that are not named': [authorities.replace('crl: [trust/qtsp.crl], ', ''), /need: crl needs a list/],
  'a type of documents that is not there': [
    'documents: { Invoice: {} }\npartners: [{ id: A, documents: [CriticalDocument, Invoice, invoice] }]',
    /:2:1: partner "A": unknown type of documents "invoice"; known: CriticalDocument, Invoice$/m,
  ],
  'an attribute twice under two names': [
    `${authorities}partners:\n${partner('A', `{ ${both}, authority: gov, subject: { CN: a, 2.5.4.3: a } }`)}`,
    /stands there twice/,
  ],
}

for (const [what, [yaml, problem]] of Object.entries(wrong))
  t.test(`refuses ${what}`, async t => {
    t.match(read(yaml).problems.join('\n'), problem)
  })

t.test(
  'one CN under two authorities is two partners: no authority speaks for a partner that it is not named for',
  async t => {
    const yaml =
      `${authorities}partners:\n${partner('A', `{ ${both}, authority: gov, subject: { CN: a } }`)}` +
      `${partner('B', `{ ${both}, authority: qtsp, subject: { CN: a } }`)}`
    t.same(read(yaml).problems, [])
  },
)

t.test('rules that do not hold at one time exclude each other', async t => {
  const yaml =
    `${authorities}partners:\n${partner('A', `{ ${both}, authority: gov, subject: { CN: a }, until: 2027-01-31 }`)}` +
    `${partner('B', `{ ${both}, authority: gov, subject: { CN: a }, from: 2027-02-01 }`)}`
  t.same(read(yaml).problems, [])
})

t.test('thousands of partners of one authority are compared in a moment', async t => {
  const many = Array.from({ length: 10_000 }, (_, i) =>
    partner(`P${i}`, `{ ${both}, authority: gov, subject: { CN: p${i} } }`),
  )
  const begin = process.cpuUsage()
  t.same(read(`${authorities}partners:\n${many.join('')}`).problems, [])
  t.ok(process.cpuUsage(begin).user < 10_000_000)
})

t.test('the digest of a record changes with what it says, not with its place', async t => {
  const one = (text: string) => partnerDigest(read(text).record.partners[0]!)
  t.equal(one('partners: [{ id: A }]'), one('\n\npartners:\n  - id: A\n    state: active\n'))
  t.not(one('partners: [{ id: A }]'), one('partners: [{ id: A, state: suspended }]'))
  t.not(one('partners: [{ id: A }]'), one('partners: [{ id: A, limits: { bytes: 5 } }]'))
})
