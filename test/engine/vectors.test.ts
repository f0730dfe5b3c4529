// Vectors made by others: W3C well-formedness, libxml2's canonicalization pairs, signatures of
// other libraries.
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { Verifier, verifyBytes } from '../../packages/xmldsig/src/verifying/verify.ts'
import {
  canonicalize,
  cuts,
  EXCLUSIVE,
  INCLUSIVE,
  INCLUSIVE_11,
  methodOf,
  needsVectors,
  readVector,
  verdictOf,
} from '../support/engine.ts'

const readManifest = (folder: string) => JSON.parse(readVector(folder, 'manifest.json').toString()).vectors
const exclusive = methodOf(EXCLUSIVE)

t.test('W3C: refuses what is not well-formed, takes what is, save what the profile refuses', needsVectors, async t => {
  // Colons are free in XML 1.0 and not in Namespaces in XML.
  const notNamespaceWellFormed = ['well-formed/o-p04pass1.xml', 'well-formed/o-p05pass1.xml']
  let taken = 0
  for (const { file, expect } of readManifest('wellformed')) {
    const bytes = readVector('wellformed', file)
    const verdict = verdictOf(() => canonicalize([bytes], exclusive) && 'taken')
    if (verdict === 'taken') taken++
    if (expect === 'not-well-formed')
      t.match(verdict, /^xml-(malformed|encoding|comment|processing-instruction) /, file)
    else if (notNamespaceWellFormed.includes(file)) t.match(verdict, /^xml-namespace /, file)
    else if (bytes.includes('<!--') || bytes.includes('<?'))
      t.match(verdict, /^(taken$|xml-comment |xml-processing-instruction )/, file)
    else t.equal(verdict, 'taken', file)
  }
  t.ok(taken > 30, `${taken} taken`)
})

t.test('W3C: the same verdict, at the same place, however the bytes come', needsVectors, async t => {
  for (const { file } of readManifest('wellformed')) {
    const bytes = readVector('wellformed', file)
    if (bytes.length > 400) continue
    const whole = verdictOf(() => canonicalize([bytes], exclusive))
    const other = [...cuts(bytes)].find(pieces => verdictOf(() => canonicalize(pieces, exclusive)) !== whole)
    t.equal(other, undefined, file)
  }
})

t.test('libxml2: canonical octets are the same, octet for octet', needsVectors, async t => {
  const algorithms: Record<string, string> = { c14n10: INCLUSIVE, c14n11: INCLUSIVE_11, exclusive: EXCLUSIVE }
  let same = 0
  for (const { input, expectedOctets, algorithm, inclusivePrefixes } of readManifest('c14n')) {
    const bytes = readVector('c14n', input)
    const method = methodOf(algorithms[algorithm]!, inclusivePrefixes ?? [])
    const verdict = verdictOf(() => canonicalize([bytes], method))
    if (/encoding="ISO/i.test(bytes.toString('latin1'))) t.match(verdict, /^xml-encoding /, input)
    else if (bytes.includes('<!DOCTYPE') || bytes.includes('<?xml-'))
      t.match(verdict, /^xml-(doctype|processing-instruction) /, input)
    else {
      t.equal(verdict, readVector('c14n', expectedOctets).toString('latin1'), input)
      same++
    }
  }
  t.ok(same >= 3, `${same} pairs compared`)
})

t.test(
  'signatures of other libraries verify with their own keys, or are outside the profile for the right reason',
  needsVectors,
  async t => {
    const outside: Record<string, string> = {
      'interop/pyXMLSecurity/SAML_assertion_sha256.xml': 'signature-key', // RSA-1024
      'xades/dss-signed-altered-signedPropsRemoved.xml': 'signature-malformed', // an Object
    }
    let verified = 0
    for (const { file, oracleVerdict } of readManifest('signatures')) {
      const bytes = readVector('signatures', file)
      const encoded = /X509Certificate>([^<]+)</.exec(bytes.toString())?.[1]
      // The Windows Store's receipt names its certificate by a link.
      if (encoded === undefined) continue
      const certificate = new X509Certificate(Buffer.from(encoded, 'base64'))
      const verify = () =>
        verifyBytes(bytes, new Verifier(certificate, () => ({ read: facts => facts }), {})).canonicalization
      if (outside[file] !== undefined) t.throws(verify, { code: outside[file] }, file)
      else {
        t.equal(oracleVerdict, 'valid', file)
        t.match(verify(), /c14n/, file)
        verified++
      }
    }
    t.equal(verified, 9)
  },
)
