// `pki import-p12` and `pki export-p12`: options in, the files that were made out.
import { amount, type Command, Fault, openOutput, quote, readSettings, resolveUserPath } from '@seg/core'
import { readPassword } from '../passphrases/p12-password.ts'
import { exportP12 } from '../pkcs12/export-p12.ts'
import { importP12 } from '../pkcs12/import-p12.ts'
import { type EncryptOptions, readEncryption } from './encrypt-options.ts'

type ImportOptions = { readonly out: string; readonly passwordFile?: string } & EncryptOptions

export async function runImportP12(
  file: string,
  { out, passwordFile, ...encryption }: ImportOptions,
  command: Command,
): Promise<void> {
  const password = await readPassword(passwordFile, false)
  const passphrase = await readEncryption(encryption)
  const request = { path: resolveUserPath(file), password, out: resolveUserPath(out) }
  const { certificate, others, paths } = await importP12({ ...request, ...(passphrase && { passphrase }) })
  const text = [
    `${paths.join(', ')}: the certificate ${quote(certificate.subject)}, ` +
      `until ${certificate.validToDate.toISOString()}`,
    `  SHA-256 ${certificate.fingerprint256}`,
    ...(others.length === 0
      ? []
      : [
          `${paths.at(-1)} has the ${amount(others.length, 'CA')} that came with it: ` +
            'whom you rely on is for you to say (ca.crt).',
        ]),
  ].join('\n')
  const facts = { fingerprint: certificate.fingerprint256, notAfter: certificate.validToDate.toISOString() }
  openOutput(command).report({ ok: true, files: paths, ...facts, cas: others.length }, text)
}

type ExportOptions = { readonly out: string; readonly passwordFile?: string }

export async function runExportP12(
  name: string,
  { out, passwordFile }: ExportOptions,
  command: Command,
): Promise<void> {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/.test(name) || name.endsWith('.crt'))
    throw new Fault(
      'usage',
      `expected the name of NAME.crt in the folder of --certs, such as sender, not ${quote(name)}`,
    )
  const { certs } = readSettings(command, ['certs'])
  const path = resolveUserPath(out)
  const password = await readPassword(passwordFile, true)
  const { certificate, chain } = await exportP12({ certs, name, password, out: path })
  const text =
    `${path}: the key and certificate ${quote(certificate.subject)}, ` +
    `with ${amount(chain.length, 'CA')} above it; readable by you alone`
  openOutput(command).report({ ok: true, path, fingerprint: certificate.fingerprint256, cas: chain.length }, text)
}
