// Documents of kinds that the engine was not tuned on, and was slow with at first: attributes that
// may be missing, dozens of prefixes, references for most characters, very long values.
import type { PayloadShape } from './shapes.ts'

/** A number below `limit` that looks random, the same for the same `n` and `salt`. */
const draw = (n: number, salt: number, limit: number) => (Math.imul(n, 2654435761 + salt * 40503) >>> 8) % limit

const PREFIXES = 36
const declared = Array.from({ length: PREFIXES }, (_, i) => ` xmlns:n${i}="https://example.org/taxonomy/part-${i}"`)

const optionalAttributes: PayloadShape = {
  open: '<rows>\n',
  writeLine: n => {
    const attributes = Array.from({ length: 9 }, (_, i) => (draw(n, i, 2) === 0 ? '' : ` a${i}="${n % 100}"`))
    return `<row id="${n}"${attributes.join('')}/>\n`
  },
  close: '</rows>',
}

const reportedFacts: PayloadShape = {
  open: `<x:xbrl xmlns:x="http://www.xbrl.org/2003/instance"${declared.join('')}>\n`,
  writeLine: n =>
    `<n7:Concept${draw(n, 1, 4000)} contextRef="c${n}" decimals="-3" id="f${n}" unitRef="EUR">${n}000` +
    `</n7:Concept${draw(n, 1, 4000)}>\n`,
  close: '</x:xbrl>',
}

const anyPrefixes: PayloadShape = {
  open: `<objects${declared.join('')}>\n`,
  writeLine: n => {
    const [a, b, c] = [1, 2, 3].map(salt => `n${draw(n, salt, PREFIXES)}:${'abcdefgh'[draw(n, salt + 9, 8)]}`)
    return `<${a}><${b}><${c}>${n}</${c}></${b}></${a}>\n`
  },
  close: '</objects>',
}

const resources: PayloadShape = {
  open: '<Bundle xmlns="http://hl7.org/fhir">\n',
  writeLine: n =>
    `<entry><fullUrl value="urn:uuid:0000-${n}"/><resource><Observation><id value="o${n}"/><text>` +
    '<status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p><b>Glucose</b>: ' +
    `${n % 200} mg/dl</p></div></text><code><coding><system value="http://loinc.org"/><code value="2339-0"/>` +
    `</coding></code><subject><reference value="Patient/${n}"/></subject><valueQuantity>` +
    `<value value="${n % 200}"/><unit value="mg/dl"/></valueQuantity></Observation></resource></entry>\n`,
  close: '</Bundle>',
}

const cyrillicReferences: PayloadShape = {
  open: '<text>',
  writeLine: () => '&#1052;&#1080;&#1085;&#1080;&#1089;&#1090;&#1077;&#1088;&#1089;&#1090;&#1074;&#1086; ',
  close: '</text>',
}

const quotedJson: PayloadShape = {
  open: '<events>\n',
  writeLine: n =>
    `<event>{&quot;id&quot;:${n},&quot;name&quot;:&quot;Works ${n}&quot;,&quot;tags&quot;:[&quot;a&quot;]}</event>\n`,
  close: '</events>',
}

const attachment = Buffer.from(Array.from({ length: 48_000 }, (_, i) => (i * i * 13 + i * 5) & 0xff))
  .toString('base64')
  .replace(/.{76}/g, '$&&#13;\n')

const referencedLineEnds: PayloadShape = { open: '<pdf>', writeLine: () => attachment, close: '</pdf>' }

const points = (n: number) =>
  Array.from({ length: 900 }, (_, i) => `C${(n * i) % 997},${i} ${(n + i) % 877}.5,${i % 99}`)

const drawings: PayloadShape = {
  open: '<svg xmlns="http://www.w3.org/2000/svg">\n',
  writeLine: n =>
    `<path id="p${n}" d="${points(n).join(' ')}"/><path d="${points(n).slice(0, 40).join('\n   ')}" fill="#fff"/>\n`,
  close: '</svg>',
}

export const heldOutMessages = {
  'rows with optional attributes': optionalAttributes,
  'facts of thousands of names, 36 prefixes (XBRL)': reportedFacts,
  'any of 36 prefixes on each element': anyPrefixes,
  'resources (FHIR)': resources,
  'Cyrillic text in references': cyrillicReferences,
  'JSON in text': quotedJson,
  'base64 with &#13; at line ends': referencedLineEnds,
  'drawings (SVG)': drawings,
} as const satisfies Record<string, PayloadShape>
