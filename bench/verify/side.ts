// The sides of the comparison. Each is a program that stays: its first line says who it is; then
// for each line `N FILE` it verifies the file N times and answers with the nanoseconds of processor
// time that took, or `refused`.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { KeyKind } from '@seg/pki'
import { isThere, pinTo } from '../machine.ts'
import type { SignedFile } from './signed-file.ts'

export type Side = {
  readonly name: string
  /** Name and version as the program says them. */
  readonly title: string
  /** Whether it becomes faster with use. */
  readonly warmsUp: boolean
  readonly isTooSlowFor: (file: SignedFile) => boolean
  time(path: string, repeats: number): Promise<number | 'refused'>
  close(): Promise<void>
}

type SideRow = Pick<Side, 'name' | 'warmsUp'> & {
  readonly command: readonly string[]
  /** What must be installed. */
  readonly missing?: string
  readonly isTooSlowFor?: (file: SignedFile) => boolean
}

/** Where Debian puts libraries of Java; the name that holds the version leads to the library. */
const [santuario = ''] = globSync('/usr/share/java/xmlsec-*.jar')
const besides = ['slf4j-api', 'slf4j-nop', 'commons-codec', 'stax2-api', 'woodstox-core'].map(
  name => `/usr/share/java/${name}.jar`,
)

const OURS = 'ours'
const xmlsec1 = ['bash', join(import.meta.dirname, 'xmlsec1.sh')]
const noXmlsec1 = isThere('xmlsec1', '--version') ? {} : { missing: 'Debian: xmlsec1' }

/**
 * Starts all that can be started, ours first, and says what is missing for the others. `certs` is a
 * folder as `pki gen` makes it. Only ours and those named in `only`, when it is given.
 */
export async function openSides(
  certs: string,
  only?: readonly string[],
): Promise<{ sides: Side[]; missing: string[] }> {
  const all = listSides(join(certs, 'sender.crt'), join(certs, 'ca.crt'))
  return startSides(all.filter(({ name }) => only === undefined || name === OURS || only.includes(name)))
}

/**
 * Signing: ours, which gets a document with an empty Signature and leaves that out; the operation
 * with the key, alone; and xmlsec1.
 */
export function openSigningSides(certs: string, kind: KeyKind): Promise<{ sides: Side[]; missing: string[] }> {
  const [key, certificate] = [join(certs, 'sender.key'), join(certs, 'sender.crt')]
  const program = join(import.meta.dirname, 'signing-side.ts')
  const node = (name: string) => ({ name, command: [process.execPath, program, certs, name], warmsUp: true })
  return startSides([
    node(OURS),
    node('the key alone'),
    {
      name: 'xmlsec1',
      command: [...xmlsec1, '--sign', '--output', '/dev/null', '--privkey-pem', `${key},${certificate}`],
      warmsUp: false,
      ...(kind === 'ed25519' ? { missing: 'xmlsec1 1.2 has no Ed25519' } : noXmlsec1),
    },
  ])
}

async function startSides(rows: readonly SideRow[]): Promise<{ sides: Side[]; missing: string[] }> {
  const sides: Side[] = []
  for (const row of rows) if (row.missing === undefined) sides.push(await openSide(row))
  return {
    sides,
    missing: rows.flatMap(({ name, missing }) => (missing === undefined ? [] : [`${name} (${missing})`])),
  }
}

function listSides(certificate: string, ca: string): SideRow[] {
  const program = (name: string) => join(import.meta.dirname, name)
  const node = (name: string) => [process.execPath, program('node-side.ts'), name, certificate]
  const verifying = (...options: string[]) => [...xmlsec1, '--verify', '--pubkey-cert-pem', certificate, ...options]
  const version = /[\d.]+\d/.exec(santuario)?.[0] ?? ''
  const java = (job: string) => [
    'java',
    '-cp',
    [santuario, ...besides].join(':'),
    program('Santuario.java'),
    certificate,
    version,
    job,
  ]
  const noJava =
    isThere('java', '-version') && santuario !== ''
      ? {}
      : { missing: 'Debian: default-jdk-headless libxml-security-java' }
  return [
    { name: OURS, command: node(OURS), warmsUp: true },
    // Its time grows with the square of the number of elements.
    {
      name: 'xml-crypto',
      command: node('xml-crypto'),
      warmsUp: true,
      isTooSlowFor: ({ payload }) => payload > 50_000,
    },
    // KeyInfo is left alone, as by the others: the key is the connection's.
    { name: 'xmlsec1', command: verifying('--enabled-key-data', 'rsa'), warmsUp: false, ...noXmlsec1 },
    { name: 'xmlsec1 + chain', command: verifying('--trusted-pem', ca), warmsUp: false, ...noXmlsec1 },
    { name: 'Santuario', command: java('signature'), warmsUp: true, ...noJava },
    { name: 'Santuario, whole job', command: java('job'), warmsUp: true, ...noJava },
  ]
}

async function openSide({ name, command, warmsUp, isTooSlowFor = () => false }: SideRow): Promise<Side> {
  // The last core: most of what else a machine does falls to the first.
  const [file = '', ...args] = [...pinTo(1), ...command]
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const readLine = openLineReader(child, name)
  const title = await readLine()
  return {
    name,
    title,
    warmsUp,
    isTooSlowFor,
    async time(path, repeats) {
      child.stdin.write(`${repeats} ${path}\n`)
      const answer = await readLine()
      return answer === 'refused' ? answer : Number(answer)
    },
    async close() {
      child.stdin.end()
      await once(child, 'close')
    },
  }
}

function openLineReader(child: ChildProcessByStdio<Writable, Readable, null>, name: string): () => Promise<string> {
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${name} ended instead of answering`)
    return value
  }
}
