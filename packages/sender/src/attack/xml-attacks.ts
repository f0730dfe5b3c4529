// Attacks on XML: entities, comments, encodings, namespaces, limits. Each is refused before the
// Signature is looked at.
import { forge } from './forging.ts'
import type { DocumentAttacks, Scene } from './scene.ts'

const edits: Readonly<Record<string, [code: string, edit: (document: string) => string | Buffer]>> = {
  'a DOCTYPE': ['400 xml-doctype', d => `<!DOCTYPE CriticalDocument>${d}`],
  'an external entity': [
    '400 xml-doctype',
    d => `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>${d.replace('Lunch', '&e;')}`,
  ],
  'a billion laughs': [
    '400 xml-doctype',
    d =>
      `<!DOCTYPE a [<!ENTITY l0 "lol"><!ENTITY l1 "&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;">]>${d.replace('Lunch', '&l1;')}`,
  ],
  'an entity without a DOCTYPE': ['400 xml-malformed', d => d.replace('Lunch', '&e;')],
  'a processing instruction spliced into text': [
    '400 xml-processing-instruction',
    d => d.replace('Lunch', 'Lu<?x 00?>nch'),
  ],
  'a comment spliced into text': ['400 xml-comment', d => d.replace('Lunch', 'Lu<!-- x -->nch')],
  'a comment spliced into the sender': ['400 xml-comment', d => d.replace('<SenderID>', '<SenderID><!---->')],
  'a comment after the root': ['400 xml-comment', d => `${d}<!-- x -->`],
  'a stylesheet instruction': ['400 xml-processing-instruction', d => `<?xml-stylesheet href="x"?>${d}`],
  'an attribute whose name begins with xmlns': ['400 xml-name', d => d.replace('<Data>', '<Data xmlnsx="1">')],
  'xml:base': ['400 xml-name', d => d.replace('<Data>', '<Data xml:base="urn:x">')],
  'an element whose name begins with xml': ['400 xml-name', d => d.replaceAll('Data>', 'XmlData>')],
  'a relative namespace URI': ['400 xml-namespace', d => d.replace('<Data>', '<Data xmlns:a="b">')],
  'an undeclared prefix': ['400 xml-namespace', d => d.replace('<Data>', '<Data a:b="1">')],
  'two attributes of one expanded name': [
    '400 xml-namespace',
    d => d.replace('<Data>', '<Data xmlns:a="urn:x" xmlns:b="urn:x" a:c="1" b:c="1">'),
  ],
  'two attributes of one name': ['400 xml-malformed', d => d.replace('<Data>', '<Data a="1" a="1">')],
  'a quote in a namespace URI that swallows an attribute': [
    '400 xml-malformed',
    d => d.replace('<Data>', `<Data xmlns:a="urn:x"b="1">`),
  ],
  'an unquoted attribute': ['400 xml-malformed', d => d.replace('<Data>', '<Data a=1>')],
  'a second root': ['400 xml-malformed', d => `${d}<CriticalDocument/>`],
  'trailing text': ['400 xml-malformed', d => `${d}x`],
  'a bare ampersand': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch & more')],
  'CDATA end in text': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch]]>')],
  'a control character': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch\u0001')],
  'U+FFFE': ['400 xml-malformed', d => d.replace('Lunch', 'Lunch\ufffe')],
  'a cut-off document': ['400 xml-malformed', d => d.slice(0, -5)],
  nothing: ['400 xml-malformed', () => ''],
  'XML 1.1': ['400 xml-malformed', d => `<?xml version="1.1"?>${d}`],
  'UTF-16': ['400 xml-encoding', d => Buffer.from(`\ufeff${d}`, 'utf16le')],
  'UTF-16 without a byte order mark': ['400 xml-encoding', d => Buffer.from(d, 'utf16le')],
  'a declared encoding other than UTF-8': ['400 xml-encoding', d => `<?xml version="1.0" encoding="ISO-8859-1"?>${d}`],
  'Latin-1 bytes': ['400 xml-encoding', d => Buffer.from(d.replace('Lunch', 'L\u00fcnch'), 'latin1')],
  'an overlong UTF-8 form': ['400 xml-encoding', d => Buffer.concat([Buffer.from(d), Buffer.of(0xc0, 0xbc)])],
  'elements nested too deep': ['400 xml-limit', d => d.replace('Lunch', `${'<a>'.repeat(62)}${'</a>'.repeat(62)}`)],
  'too many attributes': [
    '400 xml-limit',
    d => d.replace('<Data>', `<Data${Array.from({ length: 65 }, (_, i) => ` a${i}=""`).join('')}>`),
  ],
  'too many namespaces': [
    '400 xml-limit',
    d => d.replace('<Data>', `<Data${Array.from({ length: 65 }, (_, i) => ` xmlns:a${i}="urn:x"`).join('')}>`),
  ],
  'a name too long': ['400 xml-limit', d => d.replaceAll('Data>', `${'D'.repeat(1025)}>`)],
  'an attribute too long': ['400 xml-limit', d => d.replace('<Data>', `<Data a="${'x'.repeat(65537)}">`)],
}

export function xmlAttacks({ honest }: Scene): DocumentAttacks {
  return Object.fromEntries(
    Object.entries(edits).map(([name, [code, edit]]) => [name, [code, key => edit(forge(honest, key))]]),
  )
}
