// The first record of a connection, before TLS takes it: the key agreements that a client offers
// stand there, and Node shows a server nowhere what a handshake agreed on.

/** RFC 8446 5.1: type, version and length of a record. */
const RECORD_HEADER = 5
const LONGEST_RECORD = 16_384
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SUPPORTED_GROUPS = 10
/** X25519MLKEM768 (IANA TLS Supported Groups). */
const HYBRID_GROUP = 4588

/**
 * The groups that we agree on, in OpenSSL's order (SSL_CTX_set1_groups_list): a client that knows
 * the first must use it, with any other offers.
 */
export const KEY_AGREEMENTS = 'X25519MLKEM768/X25519:prime256v1/X448:secp384r1:secp521r1/ffdhe2048:ffdhe3072'

/** Gathers the record, which may come in any pieces, in bounded memory. */
export class FirstRecord {
  #gathered: Buffer | undefined
  #length = 0
  #rest: Buffer | undefined

  /** Says whether nothing more is needed: it is whole, or none of a handshake. */
  take(piece: Buffer): boolean {
    if (this.#gathered === undefined && isWhole(piece)) {
      this.#rest = piece
      return true
    }
    this.#gathered ??= Buffer.allocUnsafe(RECORD_HEADER + LONGEST_RECORD)
    const copied = piece.copy(this.#gathered, this.#length)
    this.#length += copied
    if (copied < piece.length) this.#rest = piece.subarray(copied)
    return isWhole(this.#gathered.subarray(0, this.#length))
  }

  /** All that came. */
  get octets(): Buffer {
    const parts = [this.#gathered?.subarray(0, this.#length), this.#rest].filter(part => part !== undefined)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }
}

function isWhole(octets: Buffer): boolean {
  if (octets[0] !== HANDSHAKE) return true
  if (octets.length < RECORD_HEADER) return false
  const length = octets.readUInt16BE(3)
  return length > LONGEST_RECORD || octets.length >= RECORD_HEADER + length
}

/**
 * Whether the ClientHello in the first record offers the hybrid key agreement, and so gets it: by
 * `KEY_AGREEMENTS`. False for anything but a whole ClientHello in one record (RFC 8446 4.1.2).
 */
export function offersHybrid(octets: Buffer): boolean {
  try {
    return readGroups(octets).includes(HYBRID_GROUP)
  } catch (error) {
    // Read beyond its end.
    if (error instanceof RangeError) return false
    throw error
  }
}

function readGroups(octets: Buffer): number[] {
  if (octets.readUInt8(0) !== HANDSHAKE || octets.readUInt8(RECORD_HEADER) !== CLIENT_HELLO) return []
  const record = octets.subarray(RECORD_HEADER, RECORD_HEADER + octets.readUInt16BE(3))
  const hello = record.subarray(4, 4 + record.readUIntBE(1, 3))
  // Behind version and random: session id, cipher suites, compression methods.
  let at = 34
  at += 1 + hello.readUInt8(at)
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello.readUInt8(at)
  const end = at + 2 + hello.readUInt16BE(at)
  for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) !== SUPPORTED_GROUPS) continue
    const count = hello.readUInt16BE(at + 4) / 2
    return Array.from({ length: count }, (_, i) => hello.readUInt16BE(at + 6 + 2 * i))
  }
  return []
}
