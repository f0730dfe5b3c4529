// Declarations in scope: found by prefix, taken back in order; and the epochs that stand for them.
import { hash } from 'node:crypto'
import t from 'tap'
import { epochOf } from '../../packages/xmldsig/src/xml/fast/epochs.ts'
import {
  HASH_SEED,
  makeDeclaration,
  NamespaceScope,
  NO_NAMESPACE,
  UNDECLARED,
  XML_BINDING,
} from '../../packages/xmldsig/src/xml/namespaces.ts'

const find = (scope: NamespaceScope, prefix: string) =>
  scope.find(Buffer.from(`<${prefix}:`), 1, 1 + Buffer.byteLength(prefix))
const uriOf = (scope: NamespaceScope, prefix: string) => {
  const index = find(scope, prefix)
  return index === UNDECLARED ? undefined : scope.uri(index)
}

t.test('the innermost declaration of a prefix is found, until it is taken back', async t => {
  const scope = new NamespaceScope()
  t.equal(find(scope, 'xml'), XML_BINDING)
  t.equal(scope.defaultIndex, NO_NAMESPACE)
  const states: [prefix: string, uri: string, size: number][] = [
    ['p', 'urn:1', 1],
    ['', 'urn:2', 2],
    ['p', 'urn:3', 2],
    ['q', 'urn:4', 3],
    ['', '', 2],
    ['', '', 2],
    ['\u00e4', 'urn:5', 3],
    ['', 'urn:6', 4],
  ]
  const seen = [describe(scope)]
  for (const [prefix, uri, size] of states) {
    scope.declare(makeDeclaration(prefix, uri))
    t.equal(scope.size, size)
    t.equal(prefix === '' ? scope.uri(scope.defaultIndex) : uriOf(scope, prefix), uri)
    seen.push(describe(scope))
  }
  for (let length = scope.bindings.length; length >= 2; length--) {
    scope.restore(length)
    t.same(describe(scope), seen[length - 2], `${length} bindings`)
  }

  function describe(scope: NamespaceScope) {
    const inScope = scope.inScope().map(index => [scope.bindings[index]!.prefix, scope.uri(index)])
    return [
      scope.size,
      uriOf(scope, 'p'),
      uriOf(scope, 'q'),
      uriOf(scope, '\u00e4'),
      uriOf(scope, 'pq'),
      scope.uri(scope.defaultIndex),
      inScope,
    ]
  }
})

t.test('two prefixes of one hash are two prefixes', async t => {
  const scope = new NamespaceScope()
  const prefixes = new Map<number, string>()
  for (let i = 0; ; i++) {
    const prefix = `p${hash('sha1', String(i)).slice(0, 16)}`
    const met = prefixes.get(hashOf(prefix))
    if (met === undefined) prefixes.set(hashOf(prefix), prefix)
    else {
      scope.declare(makeDeclaration(met, 'urn:met'))
      t.equal(find(scope, prefix), UNDECLARED)
      scope.declare(makeDeclaration(prefix, 'urn:other'))
      t.same([uriOf(scope, met), uriOf(scope, prefix)], ['urn:met', 'urn:other'], `${met} and ${prefix}`)
      return
    }
  }

  function hashOf(prefix: string): number {
    scope.declare(makeDeclaration(prefix, 'urn:a'))
    const declared = scope.bindings.at(-1)!
    scope.restore(2)
    return declared.hash
  }
})

/** Of FNV-1a, which `epochOf` uses, and its inverse. */
const [PRIME, INVERSE] = [0x01000193, 0x359c449b]
const hashFrom = (basis: number, ...parts: readonly number[]) =>
  parts.reduce((before, part) => Math.imul(before ^ part, PRIME), basis)

const declared = makeDeclaration('p', 'urn:p')
/** The epoch of a state: of each binding twice its declaration's id, and 1 if it is written. */
const epochIn = (parts: readonly number[], kind = '') =>
  epochOf(
    kind,
    parts.map(part => ({ ...declared, id: part >>> 1 })),
    binding => parts[binding]! % 2 === 1,
  )

t.test('two states of one hash are two epochs', async t => {
  const [basis, one] = [HASH_SEED, [8, 12]]
  const begun = hashFrom(basis, 8) ^ 12
  const others = [[], [11], [14, 17]].map(parts => [...parts, (begun ^ hashFrom(basis, ...parts)) >>> 0])
  const all = hashFrom(basis, ...one)
  others.push([...one, (all ^ Math.imul(all, INVERSE)) >>> 0])
  for (const other of others) {
    const epoch = epochIn(one)
    t.equal(epochIn(one), epoch, 'the same state is the same epoch')
    const second = epochIn(other)
    t.not(second, epoch)
    t.equal(epochIn(other), second)
    const again = epochIn(one)
    t.not(again, second)
    t.not(again, epoch, `${other} took the place of ${one}: their hash is the same`)
  }
})

t.test('two kinds of reader of one hash are two epochs', async t => {
  const begun = new Map<number, number>()
  for (let first = 0x61; ; first++) {
    const hash = hashFrom(HASH_SEED, first)
    const other = begun.get(hash >>> 16)
    begun.set(hash >>> 16, first)
    if (other === undefined) continue
    const [one, two] = [
      [first, 0x61],
      [other, 0x61 ^ ((hash ^ hashFrom(HASH_SEED, other)) & 0xffff)],
    ] as const
    const kinds = [String.fromCharCode(...one), String.fromCharCode(...two)] as const
    const epoch = epochIn([8], kinds[0])
    t.equal(epochIn([8], kinds[0]), epoch)
    t.not(epochIn([8], kinds[1]), epoch)
    t.not(epochIn([8], kinds[0]), epoch, `${one} and ${two} have one hash`)
    return
  }
})

t.test('an epoch is stored with as many bindings as may be, and for as many states', async t => {
  const bindings = (count: number) => Array.from({ length: count }, (_, i) => 2 * i)
  t.equal(epochIn(bindings(64)), epochIn(bindings(64)))
  t.not(epochIn(bindings(65)), epochIn(bindings(65)), 'with more it is not')
  t.equal(epochIn([2], 'k'.repeat(256)), epochIn([2], 'k'.repeat(256)))
  t.not(epochIn([2], 'k'.repeat(257)), epochIn([2], 'k'.repeat(257)))
  t.not(epochIn([2]), epochIn([3]), 'written, or not')
  const epoch = epochIn([2])
  for (let id = 0; id < 4096; id++) epochIn([id, id])
  t.not(epochIn([2]), epoch, 'of many states the earlier are not stored any more')
})
