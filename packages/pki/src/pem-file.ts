// Files of keys and certificates in PEM: what lies there instead is recognized, and each mistake
// has its sentence and its command.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { constants, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault, nameKind, onFile, quote, readInput, readSecretFile, shellWord } from '@seg/core'
import { type DecryptedPem, decryptPem } from './passphrases/encrypted-key.ts'
import { passphrasePlaces } from './passphrases/find-passphrase.ts'
import { isTokenUri } from './pkcs11/token-uri.ts'

const BLOCK = /-----BEGIN ([^\n\r]*?)-----\r?\n[\s\S]*?-----END \1-----/g

/** Throws the Fault `configuration`, also for a file that every user may change. */
export async function readCertsFile(path: string, advice = MAKE_ALL): Promise<string> {
  return readPem(path, advice, async () => {
    const check = ({ mode }: Stats) => {
      if ((mode & constants.S_IWOTH) !== 0)
        throw new Fault(
          'configuration',
          `anybody may change ${path}, which decides who is trusted: chmod 644 ${path}`,
          {
            command: `chmod 644 ${shellWord(path)}`,
          },
        )
    }
    return readInput(path, { onlyFile: true, check }).toString('utf8')
  })
}

/**
 * As `readCertsFile`, for a private key: also for one that others may read. One that is encrypted
 * comes in clear where its passphrase is found.
 */
export async function readKeyFile(path: string, advice = MAKE_ALL): Promise<string> {
  return (await readKeyAndPassphrase(path, advice)).pem
}

/** As `readKeyFile`, with the passphrase of a key that is encrypted. */
export async function readKeyAndPassphrase(path: string, advice = MAKE_ALL): Promise<DecryptedPem> {
  return decryptPem(path, await readPem(path, advice, async () => (await readSecretFile(path)).toString('utf8')))
}

async function readPem(path: string, advice: string, read: () => Promise<string>): Promise<string> {
  try {
    return await read()
  } catch (cause) {
    if (cause instanceof Fault && cause.code !== 'file-unreadable') throw cause
    if (advice === MAKE_ALL) checkFolder(dirname(path), cause)
    const what =
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'is missing'
        : `cannot be read (${cause instanceof Fault ? cause.detail : (cause as Error).message})`
    throw new Fault('configuration', `${path} ${what}; ${advice}`, { cause })
  }
}

/** A folder whose name is wrong is not one that keys must be made in. */
function checkFolder(folder: string, cause: unknown): void {
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (stats?.isDirectory()) return
  const expected = `expected a folder of keys and certificates at ${folder}, found`
  const where = shellWord(folder)
  throw stats === undefined
    ? new Fault('configuration', `${expected} nothing; name it with --certs, or ${MAKE_ALL}`, {
        command: `pnpm --filter pki gen --out ${where}`,
        cause,
      })
    : new Fault('configuration', `${expected} ${nameKind(stats)}; name it with --certs`, {
        command: `ls -ld ${where}`,
        cause,
      })
}

const MAKE_ALL = '`pnpm --filter pki gen` makes keys and certificates for a first exchange'

/** The one certificate of a file. Throws the Fault `configuration`. */
export function parseCertificate(path: string, text: string): X509Certificate {
  const [certificate, ...others] = parseCertificates(path, text)
  if (others.length > 0)
    throw new Fault(
      'configuration',
      `${path} holds ${others.length + 1} certificates, expected one, its own; ` +
        `intermediate certificates are not sent: \`openssl x509 -in ${path}\` prints the first alone`,
      { command: `openssl x509 -in ${shellWord(path)}` },
    )
  return certificate!
}

/** All certificates of a file, at least one. Throws the Fault `configuration`. */
export function parseCertificates(path: string, text: string): X509Certificate[] {
  const blocks = readBlocks(text)
  const labels = blocks.map(({ label }) => label)
  const found = blocks.filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
  if (found.length > 0) return found.map(({ block }) => parsePem(path, () => new X509Certificate(block)))
  if (labels.some(label => label.endsWith('CERTIFICATE REQUEST')))
    throw new Fault(
      'configuration',
      `${path} is a certificate request, expected the certificate that the CA issued for it: ` +
        `\`openssl x509 -req -in ${path} -CA ca.crt -CAkey ca.key …\` (docs/pki.md)`,
    )
  if (labels.some(label => label.endsWith('PRIVATE KEY')))
    throw new Fault(
      'configuration',
      `${path} is a private key, expected a certificate: the file that ends in .crt, not .key`,
    )
  if (labels.some(label => label.endsWith('PUBLIC KEY')))
    throw new Fault('configuration', `${path} is a public key, expected a certificate: the file that ends in .crt`)
  if (labels.length > 0)
    throw new Fault('configuration', `${path} holds ${labels.map(quote).join(' and ')}, expected a certificate`)
  if (looksLikeDer(text))
    throw new Fault(
      'configuration',
      `${path} is DER, expected PEM: ` +
        `\`openssl x509 -inform DER -in ${path} -out ${path}.pem\` writes it, then put that in its place`,
      { command: `openssl x509 -inform DER -in ${shellWord(path)} -out ${shellWord(`${path}.pem`)}` },
    )
  throw notPem(path, 'a certificate')
}

/**
 * The certificates of a file that a person names, in PEM or DER. Throws the Faults
 * `file-unreadable` and `certificate-invalid`, which says what the file is instead.
 */
export async function readCertificates(path: string): Promise<readonly [X509Certificate, ...X509Certificate[]]> {
  const octets = await onFile('read', path, async () => readInput(path))
  const text = octets.toString('utf8')
  try {
    if (looksLikeDer(text)) return [new X509Certificate(octets)]
    return parseCertificates(path, text) as [X509Certificate, ...X509Certificate[]]
  } catch (cause) {
    const detail = cause instanceof Fault ? cause.detail : `${path} is DER, but not a certificate`
    throw new Fault('certificate-invalid', detail, { cause })
  }
}

/** Throws the Fault `configuration`; what stands in the file is never quoted. */
export function parsePrivateKey(path: string, text: string): KeyObject {
  const blocks = readBlocks(text)
  const labels = blocks.map(({ label }) => label)
  const form = labels.includes('ENCRYPTED PRIVATE KEY')
    ? 'PKCS #8'
    : blocks.some(({ block }) => /^Proc-Type: *4, *ENCRYPTED/m.test(block))
      ? 'the traditional form'
      : undefined
  if (form !== undefined)
    throw new Fault(
      'configuration',
      `${path} is encrypted (${form}); and no passphrase is there: ` +
        `expected it in ${passphrasePlaces(path).join(' or ')} (files of mode 0600), or typed at a terminal`,
      { command: `(umask 077; cat > ${shellWord(`${path}.passphrase`)})  # type the passphrase, Enter, Ctrl-D` },
    )
  if (labels.length > 0 && labels.every(label => label.includes('CERTIFICATE')))
    throw new Fault('configuration', `${path} holds a certificate or a request, expected the private key of it`)
  if (labels.length > 0 && labels.every(label => label.endsWith('PUBLIC KEY')))
    throw new Fault('configuration', `${path} is a public key, expected the private one`)
  if (labels.length === 0 && looksLikeDer(text))
    throw new Fault(
      'configuration',
      `${path} is DER, expected PEM: ` +
        `\`(umask 077; openssl pkey -inform DER -in ${path} -out ${path}.pem)\`, then put that in its place`,
      { command: `(umask 077; openssl pkey -inform DER -in ${shellWord(path)} -out ${shellWord(`${path}.pem`)})` },
    )
  if (labels.length === 0 && isTokenUri(text))
    throw new Fault(
      'configuration',
      `${path} names a key in a token by its PKCS #11 URI, which seal.key and signing.key alone may do: ` +
        'expected the key itself, or a PEM block for the provider of OpenSSL (docs/pki.md, Keys in an HSM)',
    )
  if (labels.length === 0) throw notPem(path, 'a private key')
  return parsePem(path, () => createPrivateKey(text), labels.includes(IN_HSM) ? HSM_ADVICE : '')
}

/** The address of a key for OpenSSL's pkcs11-provider, which goes to OpenSSL as it stands. */
const IN_HSM = 'PKCS#11 PROVIDER URI'
const HSM_ADVICE =
  ': it names a key in an HSM, which OpenSSL has to be configured for: ' +
  'node --openssl-config=FILE (docs/pki.md, Keys in an HSM)'

function readBlocks(text: string): { readonly label: string; readonly block: string }[] {
  return Array.from(text.matchAll(BLOCK), match => ({ label: match[1]!, block: match[0] }))
}

/**
 * A sequence with a length of two octets, where PEM has text. Read as UTF-8, the first octet stays
 * and the second does not.
 */
function looksLikeDer(text: string): boolean {
  return text.startsWith('0') && !/^[\t\n\r -~]*$/.test(text)
}

function notPem(path: string, what: string): Fault {
  return new Fault('configuration', `${path} is not PEM of the kind expected: it has no block of ${what}`)
}

/** Throws the Fault `configuration` for what `read` does not take. */
function parsePem<T>(path: string, read: () => T, advice = ''): T {
  try {
    return read()
  } catch (cause) {
    // The cause may quote the file; a key must not reach a log.
    throw new Fault(
      'configuration',
      `${path} is not PEM of the kind expected (${(cause as NodeJS.ErrnoException).code ?? 'unreadable'})${advice}`,
    )
  }
}
