// The sides that run on Node: `ours` and `xml-crypto`. Arguments: which, and the certificate.
// Answers as side.ts says.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { verifyDocument } from '@seg/xmldsig'
import { SignedXml } from 'xml-crypto'
import xmlCrypto from 'xml-crypto/package.json' with { type: 'json' }

/** Throws for a document that it refuses. */
type Verify = (document: Buffer) => void

type NodeSide = { readonly title: string; readonly open: (certificatePem: string) => Verify }

const sides: Record<string, NodeSide> = {
  ours: { title: '@seg/xmldsig', open: openOurs },
  'xml-crypto': { title: `xml-crypto ${xmlCrypto.version}`, open: openXmlCrypto },
}

function openOurs(certificatePem: string): Verify {
  const certificate = new X509Certificate(certificatePem)
  return document => verifyDocument(document, certificate)
}

/** Spared a parser of its own: the Signature is found by its text. */
function openXmlCrypto(publicCert: string): Verify {
  return document => {
    const text = document.toString()
    const verifier = new SignedXml({ publicCert, getCertFromKeyInfo: () => null })
    verifier.loadSignature(text.slice(text.lastIndexOf('<Signature '), text.lastIndexOf('</CriticalDocument>')))
    if (!verifier.checkSignature(text)) throw new Error('the signature is not valid')
  }
}

/** Nanoseconds, those of collectors and compilers in other threads among them. */
function time(document: Buffer, repeats: number, verify: Verify): string {
  const start = process.cpuUsage()
  try {
    for (let done = 0; done < repeats; done++) verify(document)
  } catch {
    return 'refused'
  }
  const { user, system } = process.cpuUsage(start)
  return String((user + system) * 1000)
}

const [name = '', certificate = ''] = process.argv.slice(2)
const { title, open } = sides[name]!
const verify = open(readFileSync(certificate, 'utf8'))
process.stdout.write(`${title} on Node ${process.version}\n`)
for await (const line of createInterface(process.stdin)) {
  const space = line.indexOf(' ')
  process.stdout.write(`${time(readFileSync(line.slice(space + 1)), Number(line.slice(0, space)), verify)}\n`)
}
