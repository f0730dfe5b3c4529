// SignedInfo in the profile's form, and RSASSA-PSS with its parameters (RFC 9231 2.3.9).
import t from 'tap'
import { defaultLimits } from '../../packages/xmldsig/src/limits.ts'
import { readSignedInfo } from '../../packages/xmldsig/src/signature/signed-info.ts'
import { readTree } from '../../packages/xmldsig/src/signature/tree.ts'

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MORE = 'http://www.w3.org/2007/05/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const digest = (name: string) => `<DigestMethod Algorithm="${name}"/>`
const SHA256 = digest(`${ENC}sha256`)
const SHA512 = digest(`${ENC}sha512`)
const pss = (content: string, attributes = '') =>
  `<SignatureMethod Algorithm="${MORE}rsa-pss">` +
  `<p:RSAPSSParams xmlns:p="${MORE}"${attributes}>${content}</p:RSAPSSParams></SignatureMethod>`
const mask = (content: string, algorithm = `${MORE}MGF1`) =>
  `<p:MaskGenerationFunction Algorithm="${algorithm}">${content}</p:MaskGenerationFunction>`

function read(signatureMethod: string, change: (xml: string) => string = xml => xml) {
  const xml =
    `<SignedInfo xmlns="${DSIG}"><CanonicalizationMethod Algorithm="${EXCLUSIVE}"/>${signatureMethod}` +
    `<Reference URI=""><Transforms><Transform Algorithm="${DSIG}enveloped-signature"/><Transform ` +
    `Algorithm="${EXCLUSIVE}"/></Transforms>${SHA256}<DigestValue>AAAA</DigestValue></Reference></SignedInfo>`
  return readSignedInfo(readTree(Buffer.from(change(xml)), defaultLimits))
}

t.test('RSASSA-PSS parameters are what the digest implies, given or left to their defaults', async t => {
  const good: Record<string, [method: string, hash: string]> = {
    'no parameters': [`<SignatureMethod Algorithm="${MORE}rsa-pss"/>`, 'sha256'],
    'empty parameters': [pss(''), 'sha256'],
    'all of them': [
      pss(`${SHA512}${mask(SHA512)}<p:SaltLength>64</p:SaltLength><p:TrailerField>1</p:TrailerField>`),
      'sha512',
    ],
    'a digest alone, whose mask has the same': [pss(`${SHA512}<p:SaltLength> 64 </p:SaltLength>`), 'sha512'],
    'a mask without a digest, which is SHA-256': [pss(`${SHA256}${mask('')}`), 'sha256'],
  }
  for (const [what, [method, hash]] of Object.entries(good)) t.equal(read(method).signature.hash, hash, what)
})

t.test('refuses other RSASSA-PSS parameters', async t => {
  const bad: Record<string, [method: string, message: string]> = {
    'a mask with another digest': [
      pss(`${SHA512}${mask(SHA256)}`),
      'signature-algorithm: expected MGF1 with sha512, found sha256',
    ],
    'a mask of SHA-256 by default beside SHA-512': [
      pss(`${SHA512}${mask('')}`),
      'signature-algorithm: expected MGF1 with sha512, found sha256',
    ],
    'another mask': [pss(mask('', `${MORE}MGF2`)), `signature-algorithm: expected MGF1, found "${MORE}MGF2"`],
    'another salt': [
      pss('<p:SaltLength>20</p:SaltLength>'),
      'signature-algorithm: expected 32 in an RSAPSSParams element, found "20"',
    ],
    'another trailer': [
      pss('<p:TrailerField>2</p:TrailerField>'),
      'signature-algorithm: expected 1 in an RSAPSSParams element, found "2"',
    ],
    'a digest that is not allowed': [
      pss(digest(`${DSIG}sha1`)),
      `signature-algorithm: expected SHA-256, SHA-384 or SHA-512 as DigestMethod, found "${DSIG}sha1"`,
    ],
    'an attribute': [pss('', ' a="b"'), 'signature-malformed: unexpected attribute "a" on "RSAPSSParams"'],
    'an attribute on the salt': [
      pss('<p:SaltLength a="b">32</p:SaltLength>'),
      'signature-malformed: unexpected attribute "a" on "SaltLength"',
    ],
    'an attribute on the mask': [
      pss(mask('').replace(' Algorithm', ' a="b" Algorithm')),
      'signature-malformed: unexpected attribute "a" on "MaskGenerationFunction"',
    ],
    'an attribute on the trailer': [
      pss('<p:TrailerField a="b">1</p:TrailerField>'),
      'signature-malformed: unexpected attribute "a" on "TrailerField"',
    ],
    'an element in the salt': [
      pss('<p:SaltLength>32<a/></p:SaltLength>'),
      'signature-malformed: expected text only in "SaltLength"',
    ],
    'more behind the trailer': [
      pss('<p:TrailerField>1</p:TrailerField><p:a/>'),
      `signature-malformed: unexpected "a" of namespace "${MORE}" in "RSAPSSParams"`,
    ],
    'parameters of another namespace': [
      pss('').replaceAll(MORE, 'urn:x').replace('urn:xrsa-pss', `${MORE}rsa-pss`),
      'signature-malformed: unexpected "RSAPSSParams" of namespace "urn:x" in "SignatureMethod"',
    ],
    'parameters twice': [
      pss('').replace(/(<p:.*)(<\/SignatureMethod>)/, '$1$1$2'),
      `signature-malformed: unexpected "RSAPSSParams" of namespace "${MORE}" in "SignatureMethod"`,
    ],
    'parameters for an algorithm that has none': [
      pss('').replace(`${MORE}rsa-pss`, `${MORE}sha256-rsa-MGF1`),
      `signature-malformed: unexpected "RSAPSSParams" of namespace "${MORE}" in "SignatureMethod"`,
    ],
    'another order': [
      pss(`<p:SaltLength>32</p:SaltLength>${SHA256}`),
      `signature-malformed: unexpected "DigestMethod" of namespace "${DSIG}" in "RSAPSSParams"`,
    ],
    'more in the mask': [
      pss(mask(`${SHA256}${SHA256}`)),
      `signature-malformed: unexpected "DigestMethod" of namespace "${DSIG}" in "MaskGenerationFunction"`,
    ],
  }
  for (const [what, [method, message]] of Object.entries(bad)) t.throws(() => read(method), { message }, what)
})

t.test('refuses SignedInfo of another form', async t => {
  const method = `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>`
  t.equal(read(method).uri, '')
  const bad: Record<string, [change: (xml: string) => string, message: string]> = {
    'no Reference': [
      xml => xml.replace(/<Reference.*<\/Reference>/, ''),
      'signature-reference: expected one Reference, found none',
    ],
    'two References': [
      xml => xml.replace(/<Reference.*<\/Reference>/, '$&$&'),
      'signature-reference: expected one Reference, found another',
    ],
    'no URI': [xml => xml.replace(' URI=""', ''), 'signature-reference: expected a URI on Reference, found none'],
    'no Transforms': [
      xml => xml.replace(/<Transforms>.*<\/Transforms>/, ''),
      'signature-reference: expected the enveloped-signature transform, found no Transforms',
    ],
    'three Transforms': [
      xml => xml.replace('</Transforms>', `<Transform Algorithm="${EXCLUSIVE}"/></Transforms>`),
      'signature-reference: expected at most two Transforms, found more',
    ],
    'another first Transform': [
      xml => xml.replace('enveloped-signature', 'base64'),
      `signature-reference: expected enveloped-signature as the first Transform, found "${DSIG}base64"`,
    ],
    'another second Transform': [
      xml => xml.replace(/(<Transform [^>]*><Transform Algorithm=")[^"]*/, '$1urn:x'),
      'signature-reference: expected a canonicalization as the second Transform, found "urn:x"',
    ],
    'something in enveloped-signature': [
      xml => xml.replace('enveloped-signature"/>', 'enveloped-signature"><a/></Transform>'),
      `signature-reference: expected enveloped-signature as the first Transform, found "${DSIG}enveloped-signature"`,
    ],
    'another CanonicalizationMethod': [
      xml => xml.replace(EXCLUSIVE, 'urn:x'),
      'signature-algorithm: unknown CanonicalizationMethod "urn:x"',
    ],
    'no Algorithm': [
      xml => xml.replace(/(<CanonicalizationMethod) Algorithm="[^"]*"/, '$1'),
      'signature-malformed: expected an attribute Algorithm on CanonicalizationMethod',
    ],
    'an XPath with its expression': [
      xml =>
        xml.replace(
          /<Transform Algorithm="[^"]*c14n#"\/><\/Transforms>/,
          '<Transform Algorithm="urn:x"><XPath/></Transform></Transforms>',
        ),
      'signature-reference: expected a canonicalization as the second Transform, found "urn:x"',
    ],
    'an element in the second Transform': [
      xml => xml.replace(/(c14n#")\/><\/Transforms>/, '$1><a/></Transform></Transforms>'),
      'signature-malformed: unexpected "a" of namespace "http://www.w3.org/2000/09/xmldsig#" in "Transform"',
    ],
    'a PrefixList for inclusive C14N': [
      xml =>
        xml.replace(
          /<Transform Algorithm="[^"]*c14n#"\/><\/Transforms>/,
          '<Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11">' +
            `<InclusiveNamespaces xmlns="${EXCLUSIVE}"/></Transform></Transforms>`,
        ),
      `signature-malformed: unexpected "InclusiveNamespaces" of namespace "${EXCLUSIVE}" in "Transform"`,
    ],
    'something behind the Reference': [
      xml => xml.replace('</SignedInfo>', '<Object/></SignedInfo>'),
      `signature-malformed: unexpected "Object" of namespace "${DSIG}" in "SignedInfo"`,
    ],
    'something behind DigestValue': [
      xml => xml.replace('</Reference>', '<a/></Reference>'),
      `signature-malformed: unexpected "a" of namespace "${DSIG}" in "Reference"`,
    ],
    'an attribute on Reference': [
      xml => xml.replace('<Reference ', '<Reference Type="urn:x" '),
      'signature-malformed: unexpected attribute "Type" on "Reference"',
    ],
    'an attribute on Transforms': [
      xml => xml.replace('<Transforms', '<Transforms a=""'),
      'signature-malformed: unexpected attribute "a" on "Transforms"',
    ],
    'an attribute on the first Transform': [
      xml => xml.replace('<Transform ', '<Transform a="" '),
      'signature-malformed: unexpected attribute "a" on "Transform"',
    ],
    'an attribute on the second Transform': [
      xml => xml.replace(/(.*)<Transform /, '$1<Transform a="" '),
      'signature-malformed: unexpected attribute "a" on "Transform"',
    ],
    'an attribute on CanonicalizationMethod': [
      xml => xml.replace('Method ', 'Method a="" '),
      'signature-malformed: unexpected attribute "a" on "CanonicalizationMethod"',
    ],
    'an attribute on SignatureMethod': [
      xml => xml.replace('<SignatureMethod ', '<SignatureMethod a="" '),
      'signature-malformed: unexpected attribute "a" on "SignatureMethod"',
    ],
    'an attribute on DigestMethod': [
      xml => xml.replace('<DigestMethod ', '<DigestMethod a="" '),
      'signature-malformed: unexpected attribute "a" on "DigestMethod"',
    ],
    'an attribute on DigestValue': [
      xml => xml.replace('<DigestValue', '<DigestValue a=""'),
      'signature-malformed: unexpected attribute "a" on "DigestValue"',
    ],
    'an element in DigestMethod': [
      xml => xml.replace(/(<DigestMethod [^>]*)\/>/, '$1><a/></DigestMethod>'),
      `signature-malformed: unexpected "a" of namespace "${DSIG}" in "DigestMethod"`,
    ],
    'text in enveloped-signature': [
      xml => xml.replace('enveloped-signature"/>', 'enveloped-signature">x</Transform>'),
      'signature-malformed: expected no text in "Transform", found "x"',
    ],
    'something before the Transforms': [
      xml => xml.replace('<Transforms>', '<a/>$&'),
      'signature-reference: expected the enveloped-signature transform, found no Transforms',
    ],
    'something behind the second Transform': [
      xml => xml.replace('</Transforms>', '<a/></Transforms>'),
      `signature-malformed: unexpected "a" of namespace "${DSIG}" in "Transforms"`,
    ],
    'an attribute': [
      xml => xml.replace('<SignedInfo', '<SignedInfo a="b"'),
      'signature-malformed: unexpected attribute "a" on "SignedInfo"',
    ],
    'text between': [
      xml => xml.replace('<SignatureMethod', 'x<SignatureMethod'),
      'signature-malformed: expected no text in "SignedInfo", found "x"',
    ],
    'an element in DigestValue': [
      xml => xml.replace('AAAA', '<a/>'),
      'signature-malformed: expected text only in "DigestValue"',
    ],
    'a DigestValue that is no base64': [
      xml => xml.replace('AAAA', 'AAA'),
      'signature-malformed: DigestValue is not strict base64: "AAA"',
    ],
    HMAC: [
      xml => xml.replace(/<SignatureMethod[^>]*>/, `<SignatureMethod Algorithm="${DSIG}hmac-sha1"/>`),
      `signature-algorithm: the SignatureMethod "${DSIG}hmac-sha1" is not allowed`,
    ],
    'a name that objects inherit': [
      xml => xml.replace(/<SignatureMethod[^>]*>/, '<SignatureMethod Algorithm="toString"/>'),
      'signature-algorithm: the SignatureMethod "toString" is not allowed',
    ],
  }
  for (const [what, [change, message]] of Object.entries(bad)) t.throws(() => read(method, change), { message }, what)
})

t.test('a PrefixList is read with any white space, and may be absent', async t => {
  const method = `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>`
  const prefixesOf = (attributes: string, content = '') => {
    const list = `<e:InclusiveNamespaces xmlns:e="${EXCLUSIVE}"${attributes}>${content}</e:InclusiveNamespaces>`
    const change = (xml: string) =>
      xml.replace(/(<Transform Algorithm="[^"]*c14n#")\/><\/Transforms>/, `$1>${list}</Transform></Transforms>`)
    return [...read(method, change).referenceCanonicalization.inclusivePrefixes]
  }
  t.same(prefixesOf(' PrefixList=" a\n#default  b "'), ['a', '', 'b'])
  t.same(prefixesOf(' PrefixList="a&#9;b&#13;c&#10;d"'), ['a', 'b', 'c', 'd'])
  t.same(prefixesOf(' PrefixList=""'), [])
  t.same(prefixesOf(''), [])
  t.throws(() => prefixesOf(' a=""'), {
    message: 'signature-malformed: unexpected attribute "a" on "InclusiveNamespaces"',
  })
  t.throws(() => prefixesOf('', '<a/>'), { message: 'signature-malformed: unexpected "a" of namespace' })
})
