// Declarations in scope: found by prefix, taken back in order.
import { hash } from 'node:crypto'
import t from 'tap'
import {
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
