// What the Signatures of one signer have in common: all but the digest and the signature value. If
// a Signature differs from one read before in these two alone, it need not be read again: the
// result would be the same. Every octet is compared; none of the checks that follow is left out.

import type { SubtreeContext } from '../c14n/subtree.ts'
import type { Limits } from '../limits.ts'
import { base64Byte } from '../xml/characters.ts'
import { readBase64, withoutSpace } from './base64.ts'
import type { CapturedSignature, SignatureElement } from './captured-signature.ts'
import { type Element, readTree } from './tree.ts'

type Range = { readonly from: number; readonly to: number }

export class SignatureForm {
  readonly #octets: Buffer
  readonly #context: SubtreeContext
  readonly #element: SignatureElement
  /**
   * Where DigestValue and SignatureValue have their text in the Signature, and DigestValue in the
   * canonical octets of SignedInfo.
   */
  readonly #digest: Range
  readonly #value: Range
  readonly #signedDigest: Range

  /**
   * The form of a Signature, with the `element` that was read of it. Undefined if its digest or
   * value holds anything but base64 and white space, a reference for example.
   */
  static of(
    { octets, context }: CapturedSignature,
    element: SignatureElement,
    limits: Limits,
  ): SignatureForm | undefined {
    const signature = readTree(octets, limits, context)
    const digest = rangeOf(octets, digestValueOf(signature.children[0]!), element.signedInfo.digest)
    const value = rangeOf(octets, signature.children[1]!, element.value)
    const signedDigest = rangeOf(
      element.signedOctets,
      digestValueOf(readTree(element.signedOctets, limits)),
      element.signedInfo.digest,
    )
    if (digest === undefined || value === undefined || signedDigest === undefined) return undefined
    return new SignatureForm(octets, context, element, { digest, value, signedDigest })
  }

  private constructor(
    octets: Buffer,
    context: SubtreeContext,
    element: SignatureElement,
    { digest, value, signedDigest }: { digest: Range; value: Range; signedDigest: Range },
  ) {
    this.#octets = octets
    this.#context = context
    this.#element = element
    this.#digest = digest
    this.#value = value
    this.#signedDigest = signedDigest
  }

  /**
   * The index behind the Signature of this form that stands at `from`; -1 when there is none, or
   * the input ends before its end.
   */
  match(source: Buffer, from: number, end: number, context: SubtreeContext): number {
    const to = from + this.#octets.length
    const isSame =
      to <= end &&
      this.#isSame(source, from, 0, this.#digest.from) &&
      this.#isSame(source, from, this.#digest.to, this.#value.from) &&
      this.#isSame(source, from, this.#value.to, this.#octets.length) &&
      isBase64(source, from + this.#digest.from, from + this.#digest.to) &&
      isBase64(source, from + this.#value.from, from + this.#value.to) &&
      isSameContext(context, this.#context)
    return isSame ? to : -1
  }

  /** Throws the Fault `signature-malformed` for base64 that is not strict. */
  read(octets: Buffer): SignatureElement {
    const { signedInfo, signedOctets, certificates } = this.#element
    const digest = readBase64(octets.toString('latin1', this.#digest.from, this.#digest.to), 'DigestValue')
    const value = readBase64(octets.toString('latin1', this.#value.from, this.#value.to), 'SignatureValue')
    const signed = Buffer.from(signedOctets)
    octets.copy(signed, this.#signedDigest.from, this.#digest.from, this.#digest.to)
    return { signedInfo: { ...signedInfo, digest }, signedOctets: signed, value, certificates }
  }

  #isSame(source: Buffer, at: number, from: number, to: number): boolean {
    return source.compare(this.#octets, from, to, at + from, at + to) === 0
  }
}

function digestValueOf(signedInfo: Element): Element {
  return signedInfo.children.find(({ local }) => local === 'Reference')!.children.at(-1)!
}

/** Where `octets` stand in an element as base64; undefined if they are written in another way. */
function rangeOf(source: Buffer, { contentFrom: from, contentTo: to }: Element, octets: Buffer): Range | undefined {
  return isBase64(source, from, to) && withoutSpace(source.toString('latin1', from, to)) === octets.toString('base64')
    ? { from, to }
    : undefined
}

/** Whether there is nothing but characters of base64 and white space that C14N leaves as it is. */
function isBase64(source: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (base64Byte[source[i]!] === 0) return false
  return true
}

function isSameContext(a: SubtreeContext, b: SubtreeContext): boolean {
  return (
    a.namespaces.length === b.namespaces.length &&
    a.xmlAttributes.length === b.xmlAttributes.length &&
    a.namespaces.every(({ prefix, uri }, i) => prefix === b.namespaces[i]!.prefix && uri === b.namespaces[i]!.uri) &&
    a.xmlAttributes.every(
      ({ local, value }, i) => local === b.xmlAttributes[i]!.local && value === b.xmlAttributes[i]!.value,
    )
  )
}
