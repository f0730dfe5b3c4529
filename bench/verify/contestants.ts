// Who verifies: each gives the nanoseconds of one verification of a file under a certificate, start-up left out.
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyDocument } from '@seg/xmldsig'
import { SignedXml } from 'xml-crypto'

export type Contestant = {
  readonly name: string
  /** Undefined when it is there. */
  readonly missing?: string
  /** The largest payload that it is asked for, in bytes. */
  readonly largest: number
  measure(file: string, certificate: string, times: number): number
}

export function findContestants(certs: string): Contestant[] {
  return [ours, xmlCrypto, xmlsec1(certs), santuario()]
}

const ours: Contestant = {
  name: 'SEG',
  largest: Number.POSITIVE_INFINITY,
  measure(file, certificate, times) {
    const bytes = readFileSync(file)
    const key = new X509Certificate(readFileSync(certificate))
    return timeOf(times, () => verifyDocument(bytes, key))
  },
}

const xmlCrypto: Contestant = {
  name: 'xml-crypto',
  largest: 50_000,
  measure(file, certificate, times) {
    const xml = readFileSync(file, 'utf8')
    const publicCert = readFileSync(certificate, 'utf8')
    const signature = xml.slice(xml.indexOf('<Signature '), xml.indexOf('</Signature>') + '</Signature>'.length)
    return timeOf(Math.min(times, 100), () => {
      const verifier = new SignedXml({ publicCert })
      verifier.loadSignature(signature)
      if (!verifier.checkSignature(xml)) throw new Error('xml-crypto refuses the document')
    })
  },
}

function timeOf(times: number, verify: () => unknown): number {
  const begin = process.hrtime.bigint()
  for (let i = 0; i < times; i++) verify()
  return Number(process.hrtime.bigint() - begin) / times
}

/** A process that verifies `times` times, against one that does so once. */
function perTime(times: number, run: (times: number) => number): number {
  return (run(times + 1) - run(1)) / times
}

function timeProcess(command: string, args: readonly string[]): number {
  const begin = process.hrtime.bigint()
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ends with ${status}: ${stderr}`)
  return Number(process.hrtime.bigint() - begin)
}

function xmlsec1(certs: string): Contestant {
  const found = spawnSync('xmlsec1', ['--version'], { encoding: 'utf8' })
  return {
    name: 'xmlsec1',
    largest: 5_000_000,
    ...(found.error && { missing: 'not installed' }),
    measure(file, certificate, times) {
      const keys = ['--trusted-pem', join(certs, 'ca.crt'), '--pubkey-cert-pem', certificate]
      return perTime(times, repeat => timeProcess('xmlsec1', ['--verify', '--repeat', String(repeat), ...keys, file]))
    },
  }
}

const jars = ['xmlsec', 'commons-logging', 'slf4j-api', 'slf4j-simple', 'woodstox-core', 'stax2-api', 'commons-codec'].map(
  name => `/usr/share/java/${name}.jar`,
)

/** Apache Santuario, warmed up in its own process, which prints the nanoseconds of one verification. */
function santuario(): Contestant {
  const source = join(import.meta.dirname, 'Santuario.java')
  const isThere = spawnSync('java', ['-version']).error === undefined && spawnSync('test', ['-f', jars[0]!]).status === 0
  return {
    name: 'Santuario',
    largest: 5_000_000,
    ...(!isThere && { missing: 'needs a JDK and libxml-security-java' }),
    measure(file, certificate, times) {
      const { status, stdout, stderr } = spawnSync('java', ['-cp', jars.join(':'), source, file, certificate, String(times)], {
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`Santuario ends with ${status}: ${stderr}`)
      return Number(stdout.trim().split('\n').at(-1))
    },
  }
}
