// RawOctets and the texts that stand for them: UTF-8 (RFC 3629), base64 (RFC 4648 4), hexadecimal.
import { NotProven } from './not-proven.ts'

export type RawOctets = Uint8Array<ArrayBuffer>
export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512'

export async function digestOctets(octets: RawOctets, hash: HashName = 'SHA-256'): Promise<RawOctets> {
  return new Uint8Array(await crypto.subtle.digest(hash, octets))
}

export function joinOctets(...parts: readonly Uint8Array[]): RawOctets {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function areSameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, i) => octet === other[i])
}

export function encodeText(text: string): RawOctets {
  return new TextEncoder().encode(text) as RawOctets
}

/** Strict: no overlong forms, no surrogates; a byte order mark stays. */
export function decodeText(octets: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch {
    throw new NotProven(`${what}: expected UTF-8`)
  }
}

/** With its padding, and nothing in the bits that stand for no octet. */
export function octetsOfBase64(text: string, what: string): RawOctets {
  let decoded: string
  try {
    decoded = atob(text)
  } catch {
    throw new NotProven(`${what}: expected base64, found ${quoteFound(text)}`)
  }
  if (btoa(decoded) !== text) throw new NotProven(`${what}: expected base64, found ${quoteFound(text)}`)
  return Uint8Array.from(decoded, character => character.charCodeAt(0))
}

export function base64Of(octets: Uint8Array): string {
  let text = ''
  for (let at = 0; at < octets.length; at += 8192) text += String.fromCharCode(...octets.subarray(at, at + 8192))
  return btoa(text)
}

export function hexOf(octets: Uint8Array): string {
  return Array.from(octets, octet => octet.toString(16).padStart(2, '0')).join('')
}

/** What a file said, for people: short, without what a terminal or a reader could misread. */
export function quoteFound(text: string): string {
  const shown = text.length > 120 ? `${text.slice(0, 117)}…` : text
  const writeCode = (character: string) => `\\u{${character.codePointAt(0)!.toString(16)}}`
  return `«${shown.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, writeCode)}»`
}
