// The canonical form of a subtree where it stands (XML-C14N 2.4, Exclusive C14N 2).
import t from 'tap'
import { exclusiveC14n } from '../../packages/xmldsig/src/c14n/canonicalizer.ts'
import { canonicalizeFirstChild, type SubtreeContext } from '../../packages/xmldsig/src/c14n/subtree.ts'
import { defaultLimits } from '../../packages/xmldsig/src/limits.ts'
import { EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, methodOf } from '../support/engine.ts'

t.test('under inclusive C14N an element inherits what stands around it', async t => {
  const context: SubtreeContext = {
    namespaces: [
      { prefix: 'q', uri: 'urn:q' },
      { prefix: '', uri: 'urn:d' },
      { prefix: 'p', uri: 'urn:p' },
    ],
    xmlAttributes: [
      { local: 'space', value: 'preserve' },
      { local: 'lang', value: 'a"&<\t' },
      { local: 'id', value: 'i' },
    ],
  }
  const rows: Record<string, [octets: string, algorithm: string, expected: string]> = {
    'inclusive C14N': [
      '<s><a z="" q:y="" b=""/></s>',
      INCLUSIVE,
      '<a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q" b="" z="" xml:id="i" ' +
        'xml:lang="a&quot;&amp;&lt;&#x9;" xml:space="preserve" q:y=""></a>',
    ],
    'C14N 1.1, which leaves xml:id where it is': [
      '<s><a/></s>',
      INCLUSIVE_11,
      '<a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q" xml:lang="a&quot;&amp;&lt;&#x9;" xml:space="preserve"></a>',
    ],
    'what the element has itself is not inherited, and its children inherit nothing': [
      '<s xmlns=""><a xml:lang="en" lang="x" space=""><b/></a></s>',
      INCLUSIVE,
      '<a xmlns:p="urn:p" xmlns:q="urn:q" lang="x" space="" xml:id="i" xml:lang="en" xml:space="preserve"><b></b></a>',
    ],
    'Exclusive C14N, nothing': [
      '<s>x<a>y<p:b>&#122;</p:b></a>w<c/></s>',
      EXCLUSIVE,
      '<a xmlns="urn:d">y<p:b xmlns:p="urn:p">z</p:b></a>',
    ],
    'the first child only': ['<s> <p:a/><b/>&lt;<c>d</c></s>', EXCLUSIVE, '<p:a xmlns:p="urn:p"></p:a>'],
  }
  for (const [what, [octets, algorithm, expected]] of Object.entries(rows))
    t.equal(
      canonicalizeFirstChild(Buffer.from(octets), context, methodOf(algorithm), defaultLimits).toString(),
      expected,
      what,
    )
  t.equal(canonicalizeFirstChild(Buffer.from('<s/>'), context, exclusiveC14n, defaultLimits).length, 0)
})
