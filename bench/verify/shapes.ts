// Shapes of payloads: what documents of ministries, banks and health registers are made of, one
// trait each. The same at every run.

import type { Payload } from '../payloads.ts'

/** A payload is `open`, lines until it is long enough, `close`. */
export type PayloadShape = {
  readonly open: string
  readonly close: string
  /** Line `n`, counted from 1. */
  writeLine(n: number): string
}

const PIECE = 64 * 1024

export function repeatLines({ open, close, writeLine }: PayloadShape): Payload {
  return function* (bytes) {
    let piece = open
    let left = bytes - open.length - close.length
    for (let n = 1; n === 1 || left > 0; n++) {
      const line = writeLine(n)
      left -= Buffer.byteLength(line)
      piece += line
      if (piece.length < PIECE) continue
      yield piece
      piece = ''
    }
    yield piece + close
  }
}

const money = (n: number) => `${(n * 7919) % 100000}.${10 + (n % 90)}`
const date = (n: number) => `2026-${10 + (n % 3)}-${10 + (n % 19)}`

/** A paragraph of base64 without line ends. */
const paragraph = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 31 + i * 7) & 0xff)).toString('base64')

const plainRecords: PayloadShape = {
  open: '<records>\n',
  writeLine: n =>
    `<record id="${n}" kind="invoice"><name>Works &amp; Supplies ${n}</name><city>Tallinn</city>` +
    `<amount currency="EUR">${money(n)}</amount><date>${date(n)}</date></record>\n`,
  close: '</records>',
}

const mixedContent: PayloadShape = {
  open: '<text>',
  writeLine: n =>
    `<p>Section <b>${n}</b> of the <i>Act on <b>Public</b> Records</i> applies, ` +
    `see <ref>${n + 1}</ref> and <ref>${n + 2}</ref>.</p>\n`,
  close: '</text>',
}

const LEVELS = 24
const deep: PayloadShape = {
  open: '<tree>\n',
  writeLine: n => `${levels('<', '>')}${n}${levels('</', '>', true)}\n`,
  close: '</tree>',
}

function levels(before: string, behind: string, isUp = false): string {
  const names = Array.from({ length: LEVELS - 3 }, (_, i) => `${before}level${i}${behind}`)
  return (isUp ? names.reverse() : names).join('')
}

const longText: PayloadShape = {
  open: '<attachments>',
  writeLine: () => `<attachment>${paragraph}</attachment>\n`,
  close: '</attachments>',
}

const UBL_AGGREGATE = 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2'
const UBL_BASIC = 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'

const declaringLines: PayloadShape = {
  open: '<lines>\n',
  writeLine: n =>
    `<cac:InvoiceLine xmlns:cac="${UBL_AGGREGATE}" xmlns:cbc="${UBL_BASIC}"><cbc:ID>${n}</cbc:ID>` +
    `<cbc:InvoicedQuantity unitCode="C62">${n % 24}</cbc:InvoicedQuantity>` +
    `<cbc:LineExtensionAmount currencyID="EUR">${money(n)}</cbc:LineExtensionAmount>` +
    '<cac:Item><cbc:Name>Gate valve DN80</cbc:Name></cac:Item></cac:InvoiceLine>\n',
  close: '</lines>',
}

const unsortedAttributes: PayloadShape = {
  open: '<rows>\n',
  writeLine: n =>
    `<row type="line" number="${n}" amount="${money(n)}" currency="EUR" account="${1000 + (n % 500)}"/>\n`,
  close: '</rows>',
}

const cdata: PayloadShape = {
  open: '<messages>\n',
  writeLine: n =>
    `<message id="${n}"><![CDATA[<p>Dear Sir or Madam, ` +
    `your application ${n} & its annexes were received.</p>]]></message>\n`,
  close: '</messages>',
}

const defaultNamespaces: PayloadShape = {
  open: '<list>\n',
  writeLine: n =>
    `<order xmlns="urn:example:order:1"><id>${n}</id><party xmlns="urn:example:party:1">` +
    `<name>Works ${n}</name></party><note xmlns=""><line>none</line></note></order>\n`,
  close: '</list>',
}

const cyrillicText: PayloadShape = {
  open: '<records>\n',
  writeLine: n =>
    '<record><name>Министерство цифрового развития, связи и массовых коммуникаций</name>' +
    `<address>город Москва, Пресненская набережная, дом ${n}</address>` +
    `<subject>Запрос о предоставлении сведений из государственного реестра № ${n}</subject></record>\n`,
  close: '</records>',
}

const greekNames: PayloadShape = {
  open: '<έγγραφα>\n',
  writeLine: n =>
    `<έγγραφο><τίτλος>Υπουργείο Ψηφιακής Διακυβέρνησης</τίτλος><αριθμός>${n}</αριθμός>` +
    '<περιγραφή>Αίτηση για τη χορήγηση πιστοποιητικού γέννησης από το μητρώο πολιτών</περιγραφή></έγγραφο>\n',
  close: '</έγγραφα>',
}

export const traits = {
  'plain records': plainRecords,
  'mixed content': mixedContent,
  'deep, 24 levels': deep,
  'long text': longText,
  'two prefixes declared on each line': declaringLines,
  'five attributes, unsorted, empty elements': unsortedAttributes,
  CDATA: cdata,
  'default namespaces redeclared and undeclared': defaultNamespaces,
  'Cyrillic text, ASCII names': cyrillicText,
  'Greek names and text': greekNames,
} as const satisfies Record<string, PayloadShape>
