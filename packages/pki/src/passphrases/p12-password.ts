// The password of a PKCS #12 file: from a file, the environment or a terminal.
import { Fault } from '@seg/core'
import { fromEnvironment, fromFile, SHORTEST } from './new-passphrase.ts'
import { askPassword, askTwice } from './prompt.ts'

const PASSWORD_VARIABLE = 'SEG_P12_PASSWORD'

/** One that is written is typed twice. Throws the Faults `usage` and `configuration`. */
export async function readPassword(file: string | undefined, isNew: boolean): Promise<string> {
  const ask = isNew ? askTwice : askPassword
  const octets =
    (await fromFile(file)) ?? fromEnvironment(PASSWORD_VARIABLE) ?? (await ask('Password of the PKCS #12 file: '))
  if (octets === undefined)
    throw new Fault(
      'usage',
      'expected the password of the PKCS #12 file with --password-file FILE, ' +
        `in ${PASSWORD_VARIABLE}, or typed at a terminal`,
    )
  const text = octets.toString('utf8')
  // RFC 7292 B.1 requires UTF-16, PBES2 no encoding at all: programs agree about ASCII only.
  if (!/^[ -~]*$/.test(text))
    throw new Fault(
      'usage',
      'expected a password of printable ASCII characters: programs read others in different ways; ' +
        '`openssl pkcs12` can change it',
    )
  if (isNew && text.length < SHORTEST)
    throw new Fault('usage', `expected a password of at least ${SHORTEST} characters, found ${text.length}`)
  return text
}
