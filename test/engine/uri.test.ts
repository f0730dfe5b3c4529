import t from 'tap'
import { isAbsoluteUri } from '../../packages/xmldsig/src/xml/uri.ts'

t.test('takes URIs with a scheme, as RFC 3986 writes them', async t => {
  const good = [
    'urn:a',
    'http://x.example/?a=1&b=2#c',
    'http://user:pw@x:80/a//b',
    'http://[::1]:8/',
    'HTTP://X',
    'mailto:a@b.example',
    'urn:',
    'file:///a',
    'a+b-c.d:/x',
    "urn:'(x)",
    'urn:%C3%BC',
    'tag:a,2026:b',
  ]
  for (const uri of good) t.ok(isAbsoluteUri(uri), uri)
})

t.test('refuses relative ones and what is no URI', async t => {
  const bad = [
    '',
    'a',
    '/a',
    '//x/a',
    '#a',
    '?a',
    ':a',
    '1a:b',
    'urn:a b',
    'urn:é',
    'urn:"',
    'urn:<',
    'urn:a\nb',
    'urn:%',
    'urn:%zz',
    'http://x:port/',
    'http://[::1/',
    'urn:a#b#c',
    'urn:{a}',
  ]
  for (const uri of bad) t.notOk(isAbsoluteUri(uri), uri)
})
