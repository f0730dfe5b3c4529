// SignedInfo in the profile's form, and RSASSA-PSS with its parameters (RFC 9231 2.3.9).
import t from 'tap'
import { defaultLimits } from './limits.ts'
import { readSignedInfo } from './signed-info.ts'
import { readTree } from './tree.ts'

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MORE = 'http://www.w3.org/2007/05/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const digest = (name: string) => `<DigestMethod Algorithm="${name}"/>`
const SHA256 = digest(`${ENC}sha256`)
const SHA512 = digest(`${ENC}sha512`)
const pss = (content: string, attributes = '') =>
  `<SignatureMethod Algorithm="${MORE}rsa-pss"><p:RSAPSSParams xmlns:p="${MORE}"${attributes}>${content}</p:RSAPSSParams></SignatureMethod>`
const mask = (content: string, algorithm = `${MORE}MGF1`) =>
  `<p:MaskGenerationFunction Algorithm="${algorithm}">${content}</p:MaskGenerationFunction>`

function read(signatureMethod: string, change: (xml: string) => string = xml => xml) {
  const xml = `<SignedInfo xmlns="${DSIG}"><CanonicalizationMethod Algorithm="${EXCLUSIVE}"/>${signatureMethod}<Reference URI=""><Transforms><Transform Algorithm="${DSIG}enveloped-signature"/><Transform Algorithm="${EXCLUSIVE}"/></Transforms>${SHA256}<DigestValue>AAAA</DigestValue></Reference></SignedInfo>`
  return readSignedInfo(readTree(Buffer.from(change(xml)), defaultLimits))
}

t.test('RSASSA-PSS parameters are what the digest implies, given or left to their defaults', async t => {
  const good: Record<string, [method: string, hash: string]> = {
    'no parameters': [`<SignatureMethod Algorithm="${MORE}rsa-pss"/>`, 'sha256'],
    'empty parameters': [pss(''), 'sha256'],
    'all of them': [pss(`${SHA512}${mask(SHA512)}<p:SaltLength>64</p:SaltLength><p:TrailerField>1</p:TrailerField>`), 'sha512'],
    'a digest alone, whose mask has the same': [pss(`${SHA512}<p:SaltLength> 64 </p:SaltLength>`), 'sha512'],
    'a mask without a digest, which is SHA-256': [pss(`${SHA256}${mask('')}`), 'sha256'],
  }
  for (const [what, [method, hash]] of Object.entries(good)) t.equal(read(method).signature.hash, hash, what)
})

t.test('refuses other RSASSA-PSS parameters', async t => {
  const bad: Record<string, [method: string, code: string]> = {
    'a mask with another digest': [pss(`${SHA512}${mask(SHA256)}`), 'signature-algorithm'],
    'a mask of SHA-256 by default beside SHA-512': [pss(`${SHA512}${mask('')}`), 'signature-algorithm'],
    'another mask': [pss(mask('', `${MORE}MGF2`)), 'signature-algorithm'],
    'another salt': [pss('<p:SaltLength>20</p:SaltLength>'), 'signature-algorithm'],
    'another trailer': [pss('<p:TrailerField>2</p:TrailerField>'), 'signature-algorithm'],
    'a digest that is not allowed': [pss(digest(`${DSIG}sha1`)), 'signature-algorithm'],
    'an attribute': [pss('', ' a="b"'), 'signature-malformed'],
    'an attribute on the salt': [pss('<p:SaltLength a="b">32</p:SaltLength>'), 'signature-malformed'],
    'another order': [pss(`<p:SaltLength>32</p:SaltLength>${SHA256}`), 'signature-malformed'],
    'more in the mask': [pss(mask(`${SHA256}${SHA256}`)), 'signature-malformed'],
  }
  for (const [what, [method, code]] of Object.entries(bad)) t.throws(() => read(method), { code }, what)
})

t.test('refuses SignedInfo of another form', async t => {
  const method = `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>`
  t.equal(read(method).uri, '')
  const bad: Record<string, [change: (xml: string) => string, code: string]> = {
    'no Reference': [xml => xml.replace(/<Reference.*<\/Reference>/, ''), 'signature-reference'],
    'two References': [xml => xml.replace(/<Reference.*<\/Reference>/, '$&$&'), 'signature-reference'],
    'no URI': [xml => xml.replace(' URI=""', ''), 'signature-reference'],
    'no Transforms': [xml => xml.replace(/<Transforms>.*<\/Transforms>/, ''), 'signature-reference'],
    'three Transforms': [xml => xml.replace('</Transforms>', `<Transform Algorithm="${EXCLUSIVE}"/></Transforms>`), 'signature-reference'],
    'another first Transform': [xml => xml.replace('enveloped-signature', 'base64'), 'signature-reference'],
    'another second Transform': [xml => xml.replace(/(<Transform [^>]*><Transform Algorithm=")[^"]*/, '$1urn:x'), 'signature-reference'],
    'something in enveloped-signature': [
      xml => xml.replace('enveloped-signature"/>', 'enveloped-signature"><a/></Transform>'),
      'signature-reference',
    ],
    'another CanonicalizationMethod': [xml => xml.replace(EXCLUSIVE, 'urn:x'), 'signature-algorithm'],
    'no Algorithm': [xml => xml.replace(/(<CanonicalizationMethod) Algorithm="[^"]*"/, '$1'), 'signature-malformed'],
    'an attribute': [xml => xml.replace('<SignedInfo', '<SignedInfo a="b"'), 'signature-malformed'],
    'text between': [xml => xml.replace('<SignatureMethod', 'x<SignatureMethod'), 'signature-malformed'],
    'an element in DigestValue': [xml => xml.replace('AAAA', '<a/>'), 'signature-malformed'],
    'a DigestValue that is no base64': [xml => xml.replace('AAAA', 'AAA'), 'signature-malformed'],
    HMAC: [xml => xml.replace(/<SignatureMethod[^>]*>/, `<SignatureMethod Algorithm="${DSIG}hmac-sha1"/>`), 'signature-algorithm'],
    'a name that objects inherit': [
      xml => xml.replace(/<SignatureMethod[^>]*>/, '<SignatureMethod Algorithm="toString"/>'),
      'signature-algorithm',
    ],
  }
  for (const [what, [change, code]] of Object.entries(bad)) t.throws(() => read(method, change), { code }, what)
})

t.test('a PrefixList is read whatever white space it has', async t => {
  const list = `<Transform Algorithm="${EXCLUSIVE}"><e:InclusiveNamespaces xmlns:e="${EXCLUSIVE}" PrefixList=" a\n#default  b "/></Transform></Transforms>`
  const method = `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>`
  const { referenceCanonicalization } = read(method, xml => xml.replace(/<Transform Algorithm="[^"]*c14n#"\/><\/Transforms>/, list))
  t.same([...referenceCanonicalization.inclusivePrefixes], ['a', '', 'b'])
})
