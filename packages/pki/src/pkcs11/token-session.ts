// A session with a token, in the process of the token: logged in once, with one private key.
import { type Cryptoki, loadAddon } from './addon.ts'
import { type Mechanism, mechanismsOf, type TokenMethod } from './mechanisms.ts'
import type { TokenFailure, TokenPublicKey } from './token-messages.ts'
import type { TokenAddress, TokenAttribute } from './token-uri.ts'

export class TokenTrouble extends Error {
  readonly failure: TokenFailure

  constructor(failure: TokenFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

// PKCS #11 3.0, Base Specification: 3.2 (flags of a token), 3.6, 4.
const CKF_LOGIN_REQUIRED = 0x4
const CKF_PROTECTED_AUTHENTICATION_PATH = 0x100
const CKF_USER_PIN_COUNT_LOW = 0x10000
const CKF_USER_PIN_FINAL_TRY = 0x20000
const CKF_USER_PIN_LOCKED = 0x40000
const CKF_SERIAL_SESSION = 0x4
const CKU_USER = 1
const CKO_PUBLIC_KEY = 2
const CKO_PRIVATE_KEY = 3
const CKA_CLASS = 0x0
const CKA_LABEL = 0x3
const CKA_KEY_TYPE = 0x100
const CKA_ID = 0x102
const CKA_MODULUS = 0x120
const CKA_PUBLIC_EXPONENT = 0x122
const CKA_EC_PARAMS = 0x180
const CKA_EC_POINT = 0x181
const CKA_ALWAYS_AUTHENTICATE = 0x202
const keyTypes: Readonly<Record<number, TokenPublicKey['kind']>> = { 0: 'rsa', 3: 'ec', 64: 'ed25519' }
/** Octets for a signature: more than the longest RSA key needs. */
const LONGEST_VALUE = 2048

const infoOf = {
  token: 'label',
  serial: 'serialNumber',
  manufacturer: 'manufacturerID',
  model: 'model',
} as const satisfies Record<TokenAttribute, string>

export type TokenSession = {
  sign(octets: Buffer, method: TokenMethod): Buffer
  publicKey(): TokenPublicKey
  close(): void
}

type Opened = { readonly library: Cryptoki; readonly slot: Buffer; readonly session: Buffer; readonly key: Buffer }

/** Throws TokenTrouble. One try with the PIN, and none that could be the last. */
export async function openToken(address: TokenAddress, pin: string): Promise<TokenSession> {
  const library = await loadAddon().catch(cause => {
    throw new TokenTrouble('addon', (cause as Error).message, { cause })
  })
  attempt('setup', `the module ${address.module} cannot be loaded`, () => library.load(address.module))
  attempt('lost', 'C_Initialize', () => library.C_Initialize())
  const slot = findToken(library, address)
  const session = attempt('lost', 'C_OpenSession', () => library.C_OpenSession(slot, CKF_SERIAL_SESSION))
  logIn(library, { slot, session }, pin)
  const key = findKey(library, session, address)
  const opened = { library, slot, session, key }
  return {
    sign: (octets, method) => sign(opened, octets, method),
    publicKey: () => readPublicKey(opened),
    close: () => {
      try {
        library.C_Finalize()
      } catch {
        // The process ends, and with it all that it has of the token.
      }
    },
  }
}

function attempt<T>(failure: TokenFailure, what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const [message = ''] = (cause as Error).message.split('\n')
    throw new TokenTrouble(failure, `${what}: ${message.replace(/:\d+$/, '')}`, { cause })
  }
}

/** Exactly one token must be what the address says. */
function findToken(library: Cryptoki, { token }: TokenAddress): Buffer {
  const slots = attempt('lost', 'C_GetSlotList', () => library.C_GetSlotList(true))
  const wanted = Object.entries(token) as [TokenAttribute, string][]
  const found = slots.filter(slot => {
    const info = attempt('lost', 'C_GetTokenInfo', () => library.C_GetTokenInfo(slot))
    return wanted.every(([name, value]) => info[infoOf[name]].replace(/[\0 ]+$/, '') === value)
  })
  if (found.length !== 1)
    throw new TokenTrouble(
      'lost',
      `expected one token with ${wanted.map(pair => pair.join('=')).join(', ')}, ` +
        `found ${found.length} among ${slots.length}`,
    )
  return found[0]!
}

function logIn(library: Cryptoki, { slot, session }: Pick<Opened, 'slot' | 'session'>, pin: string): void {
  const { flags } = attempt('lost', 'C_GetTokenInfo', () => library.C_GetTokenInfo(slot))
  if ((flags & CKF_LOGIN_REQUIRED) === 0) return
  if ((flags & CKF_PROTECTED_AUTHENTICATION_PATH) !== 0)
    throw new TokenTrouble('setup', 'the token wants its PIN on a keypad of its own, which no service can use')
  if ((flags & CKF_USER_PIN_LOCKED) !== 0)
    throw new TokenTrouble('setup', 'the PIN of the token is locked: its security officer must set a new one')
  if ((flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY)) !== 0)
    throw new TokenTrouble(
      'setup',
      'a wrong PIN was entered last (CKF_USER_PIN_COUNT_LOW), and no PIN is tried until a right one was: ' +
        'see that the file holds the right PIN, then log in once by hand, with `pkcs11-tool --login --list-objects`',
    )
  try {
    library.C_Login(session, CKU_USER, pin)
  } catch (cause) {
    const { message } = cause as Error
    if (message.includes('CKR_USER_ALREADY_LOGGED_IN')) return
    const isWrong = /CKR_PIN_(INCORRECT|INVALID|LEN_RANGE)/.test(message)
    throw new TokenTrouble(
      isWrong ? 'pin' : 'lost',
      isWrong ? `the token refused the PIN (${nameOf(message)}); it is not tried again` : `C_Login: ${nameOf(message)}`,
      { cause },
    )
  }
}

function nameOf(message: string): string {
  return /CKR_\w+/.exec(message)?.[0] ?? message
}

function findKey(library: Cryptoki, session: Buffer, { object, id }: TokenAddress): Buffer {
  const wanted = [
    { type: CKA_CLASS, value: CKO_PRIVATE_KEY },
    ...(object === undefined ? [] : [{ type: CKA_LABEL, value: object }]),
    ...(id === undefined ? [] : [{ type: CKA_ID, value: Buffer.from(id, 'hex') }]),
  ]
  const [key, ...others] = find(library, session, wanted)
  if (key === undefined || others.length > 0) {
    const name = [object && `object=${object}`, id && `id=${id}`].filter(Boolean).join(', ')
    const found = key === undefined ? 'none' : 'more than one'
    throw new TokenTrouble('setup', `expected one private key with ${name} in the token, found ${found}`)
  }
  if (readFlag(library, session, key, CKA_ALWAYS_AUTHENTICATE))
    throw new TokenTrouble('setup', 'the key wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE)')
  return key
}

/** At most two objects: enough to know whether there is more than one. */
function find(library: Cryptoki, session: Buffer, template: Parameters<Cryptoki['C_FindObjectsInit']>[1]): Buffer[] {
  return attempt('lost', 'C_FindObjects', () => {
    library.C_FindObjectsInit(session, template)
    const found = library.C_FindObjects(session, 2)
    library.C_FindObjectsFinal(session)
    return found
  })
}

/** Not every token knows every attribute. */
function readFlag(library: Cryptoki, session: Buffer, key: Buffer, type: number): boolean {
  try {
    return readAttribute(library, session, key, type)[0] === 1
  } catch {
    return false
  }
}

function readAttribute(library: Cryptoki, session: Buffer, object: Buffer, type: number): Buffer {
  return attempt('lost', `C_GetAttributeValue 0x${type.toString(16)}`, () => {
    const [attribute] = library.C_GetAttributeValue(session, object, [{ type }])
    return Buffer.from(attribute!.value as Buffer)
  })
}

function sign({ library, slot, session, key }: Opened, octets: Buffer, method: TokenMethod): Buffer {
  const mechanism = chooseMechanism(library, slot, method)
  const { type, name, pss, input } = mechanism
  return attempt('lost', name, () => {
    const parameter = pss && { parameter: { type: CK_PARAMS_RSA_PSS, ...pss } }
    library.C_SignInit(session, { mechanism: type, ...parameter }, key)
    return Buffer.from(library.C_Sign(session, input(octets), Buffer.alloc(LONGEST_VALUE)))
  })
}

/** pkcs11js's own number of a kind of parameter. */
const CK_PARAMS_RSA_PSS = 5

function chooseMechanism(library: Cryptoki, slot: Buffer, method: TokenMethod): Mechanism {
  const offered = attempt('lost', 'C_GetMechanismList', () => library.C_GetMechanismList(slot))
  const usable = mechanismsOf(method)
  const found = usable.find(({ type }) => offered.includes(type))
  if (found !== undefined) return found
  const names = usable.map(({ name }) => name).join(' or ')
  throw new TokenTrouble('setup', `expected a token that signs with ${names}, found one that does not`)
}

function readPublicKey({ library, session, key }: Opened): TokenPublicKey {
  const read = (object: Buffer, type: number) => readAttribute(library, session, object, type)
  const type = read(key, CKA_KEY_TYPE).readUInt32LE(0)
  const kind = keyTypes[type]
  if (kind === undefined)
    throw new TokenTrouble('setup', `expected an RSA, EC or Ed25519 key, found one of type 0x${type.toString(16)}`)
  if (kind === 'rsa') return { kind, modulus: read(key, CKA_MODULUS), exponent: read(key, CKA_PUBLIC_EXPONENT) }
  // A private EC key has no point: the public key with the same id has it.
  const [half] = find(library, session, [
    { type: CKA_CLASS, value: CKO_PUBLIC_KEY },
    { type: CKA_ID, value: read(key, CKA_ID) },
  ])
  if (half === undefined)
    throw new TokenTrouble('setup', 'expected the public key beside the private one, with the same id, found none')
  return { kind, parameters: read(half, CKA_EC_PARAMS), point: read(half, CKA_EC_POINT) }
}
