// Certificates damaged at random and signed again: whatever our validator accepts, OpenSSL must
// accept.
import type { X509Certificate } from 'node:crypto'
import { der } from '../certificate/der-writer.ts'
import { makeTrustAnchors } from '../path/authority.ts'
import { validatePath } from '../path/validate-path.ts'
import { askOpenssl, type Chain } from './openssl-verify.ts'
import {
  algorithms,
  extensions,
  leafExtensions,
  makeCa,
  makeCertificate,
  makeKeys,
  names,
  signCertificate,
  usualAlgorithm,
} from './path-certificates.ts'

/** Numbers from 0 to `below`, the same for the same seed (xorshift32). */
export function openRandom(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return below => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

type Random = ReturnType<typeof openRandom>
type Node = { tag: number; content: Buffer | Node[] }

/** The tree of a value: also what stands within an octet string, where it can be read. */
function parse(octets: Buffer): Node[] | undefined {
  const nodes: Node[] = []
  for (let at = 0; at < octets.length; ) {
    const tag = octets[at]!
    const first = octets[at + 1]
    if (first === undefined || (tag & 0x1f) === 0x1f) return undefined
    const count = first < 0x80 ? 0 : first & 0x7f
    if (first === 0x80 || count > 3 || at + 2 + count > octets.length) return undefined
    const length = count === 0 ? first : octets.readUIntBE(at + 2, count)
    const from = at + 2 + count
    if (from + length > octets.length) return undefined
    const content = octets.subarray(from, from + length)
    const inner = (tag & 0x20) !== 0 || (tag === 4 && length > 0) ? parse(content) : undefined
    nodes.push({ tag, content: inner ?? content })
    at = from + length
  }
  return nodes
}

function write({ tag, content }: Node): Buffer {
  return Buffer.isBuffer(content) ? der(tag, content) : der(tag, ...content.map(write))
}

function listNodes(nodes: readonly Node[], found: Node[] = []): Node[] {
  for (const node of nodes) {
    found.push(node)
    if (!Buffer.isBuffer(node.content)) listNodes(node.content, found)
  }
  return found
}

const usualTags = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31]
const contextTags = [0x80, 0x81, 0x82, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa3, 0xa4]
const tagPool = [...usualTags, ...contextTags]

/** One change in the tree, or in the octets. */
function damageOnce(octets: Buffer, random: Random): Buffer {
  const tree = random(4) === 0 ? undefined : parse(octets)
  if (tree === undefined) return damageOctets(octets, random)
  const nodes = listNodes(tree)
  const node = nodes[random(nodes.length)]!
  const other = nodes[random(nodes.length)]!
  const parents = nodes.filter(({ content }) => !Buffer.isBuffer(content) && content.length > 0)
  if (parents.length === 0) return damageOctets(octets, random)
  const list = parents[random(parents.length)]!.content as Node[]
  const at = random(list.length)
  const actions = [
    () => {
      node.tag = tagPool[random(tagPool.length)]!
    },
    () => {
      node.content = Buffer.isBuffer(node.content) ? damageOctets(node.content, random) : node.content
    },
    () => {
      node.content = Buffer.isBuffer(node.content) ? damageOctets(node.content, random) : node.content
    },
    () => void list.splice(at, 1),
    () => void list.splice(at, 0, structuredCopy(list[at]!)),
    () => void list.splice(at, 1, structuredCopy(other)),
    () => void list.splice(at, 0, structuredCopy(other)),
    () => void list.push(...list.splice(at, 1)),
    () => {
      node.content = Buffer.alloc(0)
    },
    () => void list.splice(at, 0, { tag: tagPool[random(tagPool.length)]!, content: Buffer.of(random(256)) }),
  ]
  actions[random(actions.length)]!()
  return Buffer.concat(tree.map(write))
}

function structuredCopy({ tag, content }: Node): Node {
  return { tag, content: Buffer.isBuffer(content) ? Buffer.from(content) : content.map(structuredCopy) }
}

function damageOctets(octets: Buffer, random: Random): Buffer {
  const at = random(octets.length + 1)
  const actions = [
    () => Buffer.concat([octets.subarray(0, at), octets.subarray(at + 1)]),
    () => Buffer.concat([octets.subarray(0, at), Buffer.of(random(256)), octets.subarray(at)]),
    () => Buffer.from(octets.map((octet, i) => (i === at ? octet ^ (1 << random(8)) : octet))),
    () => Buffer.from(octets.map((octet, i) => (i === at ? random(256) : octet))),
    () => Buffer.from(octets.map((octet, i) => (i === at ? octet + 1 : octet))),
  ]
  return actions[random(actions.length)]!()
}

const constraints = extensions.constraints(
  [names.dns('example.org'), names.directory([['C', 'FO']]), names.email('example.org'), names.uri('.example.org')],
  [names.dns('bad.example.org'), names.address(10, 0, 0, 0, 255, 0, 0, 0)],
)
const caSubject = (common: string) =>
  [
    ['C', 'FO'],
    ['CN', common],
  ] as const

/**
 * What is damaged: the signed parts of a leaf, of an intermediate CA and of a root, rich in
 * extensions.
 */
function openParts() {
  const keys = { root: makeKeys.p256(), ca: makeKeys.p256(), leaf: makeKeys.p256() }
  const tbsOf = (certificate: X509Certificate) => write((parse(certificate.raw)![0]!.content as Node[])[0]!)
  const root = makeCa('Root', { keys: keys.root, subject: caSubject('Root') })
  const ca = makeCa('Issuing', {
    issuer: root,
    keys: keys.ca,
    subject: caSubject('Issuing'),
    extensions: [
      extensions.basic(true, 0),
      extensions.usage(5, 6),
      constraints,
      extensions.other('2.5.29.32', false, Buffer.from('3008300606042a030405', 'hex')),
    ],
  })
  const leaf = makeCertificate({
    issuer: ca,
    keys: keys.leaf,
    subject: [...caSubject('gw1'), ['emailAddress', 'a@example.org', 0x16]],
    extensions: leafExtensions(
      extensions.alternative(
        names.dns('gw.example.org'),
        names.email('a@example.org'),
        names.uri('https://gw.example.org/'),
        names.address(11, 0, 0, 1),
      ),
    ),
  })
  return {
    keys,
    root,
    ca,
    leaf,
    tbs: { root: tbsOf(root.certificate), ca: tbsOf(ca.certificate), leaf: tbsOf(leaf.certificate) },
  }
}

export type Tally = {
  /** Those that OpenSSL reads as a certificate. */
  damaged: number
  /** Octets that it does not even read, besides. */
  unread: number
  refused: number
  accepted: number
  /** Accepted by us and refused by OpenSSL: the chain, and what it says. */
  readonly wrong: { readonly chain: readonly string[]; readonly output: string }[]
}

/** Damages certificates until `count` of them can be read as one. */
export function runDamage(count: number, seed: number, report?: (tally: Tally) => void): Tally {
  const random = openRandom(seed)
  const { keys, root, ca, leaf, tbs } = openParts()
  const { identifier, hash } = algorithms[usualAlgorithm(keys.root)]
  const tally: Tally = { damaged: 0, unread: 0, refused: 0, accepted: 0, wrong: [] }
  while (tally.damaged < count) {
    const which = (['leaf', 'leaf', 'ca', 'root'] as const)[random(4)]!
    let octets = tbs[which]
    for (let changes = 1 + random(3); changes > 0; changes--) octets = damageOnce(octets, random)
    const damaged = tryRead(() => signCertificate(octets, which === 'leaf' ? keys.ca : keys.root, identifier, hash))
    if (damaged === undefined) {
      tally.unread++
      continue
    }
    tally.damaged++
    if (tally.damaged % 5000 === 0) report?.(tally)
    const chain: Chain = {
      leaf: which === 'leaf' ? damaged : leaf.certificate,
      presented: [which === 'ca' ? damaged : ca.certificate],
      anchors: [which === 'root' ? damaged : root.certificate],
    }
    const authority = { name: 'fuzz', intermediates: [], revocation: { need: 'none', grace: 0 } } as const
    const anchors = makeTrustAnchors([{ ...authority, anchors: chain.anchors }])
    const verdict = validatePath({
      leaf: chain.leaf,
      presented: chain.presented,
      anchors,
      purpose: 'client',
      at: new Date(),
    })
    if (!verdict.ok) {
      tally.refused++
      continue
    }
    tally.accepted++
    const { ok, output } = askOpenssl(chain)
    if (!ok) tally.wrong.push({ chain: [chain.leaf, ...chain.presented, ...chain.anchors].map(String), output })
  }
  return tally
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
