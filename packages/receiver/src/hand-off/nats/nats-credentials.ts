// Who we are to a NATS server: a password, an nkey, or a user's JWT with its nkey (`nsc generate
// creds`), each in a file. With an nkey the server's nonce is signed; the seed stays here.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { Fault, readSecretFile } from '@seg/core'

/** Fields of CONNECT, made anew for each connection. */
export type NatsProof = (nonce: string | undefined) => Readonly<Record<string, string>>

const JWT = /-----BEGIN NATS USER JWT-----\r?\n([\w.-]+)\r?\n-+END NATS USER JWT-+/
const SEED = /^(SU[A-Z2-7]{56})$/m
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** `S` and `U`, five bits each; `U` alone (nkeys: prefix bytes). */
const SEED_PREFIX = Buffer.from([0x95, 0x00])
const USER_PREFIX = 0xa0
const SEED_BYTES = 32
/** PrivateKeyInfo of Ed25519 before its 32 octets (RFC 8410 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Throws the Fault `configuration`; no error repeats a secret. */
export async function readNatsProof(user: string | undefined, file: string | undefined): Promise<NatsProof> {
  if (user !== undefined && file === undefined)
    throw new Fault('usage', 'a user in --nats needs --nats-credentials FILE with its password')
  if (file === undefined) return () => ({})
  const text = (await readSecretFile(file)).toString('utf8')
  if (user !== undefined) return readPassword(user, text, file)
  const [, seed] = SEED.exec(text) ?? []
  const [, jwt] = JWT.exec(text) ?? []
  if (seed === undefined || (jwt === undefined && text.trim() !== seed))
    throw new Fault(
      'configuration',
      `expected in ${file} the seed of a user's nkey (SU…), or its JWT and seed as \`nsc generate creds\` ` +
        'writes them; for a password name the user in --nats',
    )
  const key = openNkey(seed, file)
  return nonce => {
    const sig = nonce === undefined ? '' : sign(null, Buffer.from(nonce), key.privateKey).toString('base64url')
    return jwt === undefined ? { nkey: key.name, sig } : { jwt, sig }
  }
}

function readPassword(user: string, text: string, file: string): NatsProof {
  const pass = text.replace(/\r?\n$/, '')
  if (pass === '' || /[\r\n]/.test(pass))
    throw new Fault('configuration', `expected the password of one user in ${file}, on one line`)
  return () => ({ user, pass })
}

function openNkey(seed: string, file: string) {
  const octets = decodeBase32(seed)
  const [content, sum] = [octets.subarray(0, -2), octets.readUInt16LE(octets.length - 2)]
  if (!content.subarray(0, 2).equals(SEED_PREFIX) || content.length !== 2 + SEED_BYTES || sum !== crc16(content))
    throw new Fault('configuration', `the seed in ${file} is not whole: its check sum differs`)
  const der = Buffer.concat([PKCS8, content.subarray(2)])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const raw = Buffer.from(String(createPublicKey(privateKey).export({ format: 'jwk' }).x), 'base64url')
  return { privateKey, name: nameNkey(USER_PREFIX, raw) }
}

/** The public form of a key: its prefix, octets and check sum in base32. */
export function nameNkey(prefix: number, raw: Uint8Array): string {
  const content = Buffer.concat([Buffer.from([prefix]), raw])
  const sum = Buffer.alloc(2)
  sum.writeUInt16LE(crc16(content))
  const bits = [...content, ...sum].map(octet => octet.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map(five => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')
}

function decodeBase32(text: string): Buffer {
  const bits = [...text].map(letter => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(octet => Number.parseInt(octet, 2)))
}

/** CRC-16/XMODEM, as nkeys have it. */
function crc16(octets: Buffer): number {
  let crc = 0
  for (const octet of octets) {
    crc ^= octet << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021
    crc &= 0xffff
  }
  return crc
}
