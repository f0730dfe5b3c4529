// Characters that decide something, for names and for text: the ends of each range of XML 1.0 fifth
// edition (productions 2, 4, 4a) and beyond.

/** NameStartChar, colon left out. */
export const nameStarts: readonly string[] = [
  ...'abpqAZz_',
  ...codePoints(
    0xc0,
    0xd6,
    0xd8,
    0xf6,
    0xf8,
    0x2ff,
    0x370,
    0x37d,
    0x37f,
    0x1fff,
    0x200c,
    0x200d,
    0x2070,
    0x218f,
    0x2c00,
    0x2fef,
    0x3001,
  ),
  ...codePoints(0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0x10400, 0x1ffff, 0x20000, 0xe0001, 0xeffff),
]

/** Characters that go on a name but do not begin one. */
export const nameOthers: readonly string[] = [...'09-.', ...codePoints(0xb7, 0x300, 0x36f, 0x203f, 0x2040)]

/** Characters next to those of names; all but the last three may stand in text. */
export const nearNames: readonly string[] = [
  ...codePoints(
    0xb6,
    0xb8,
    0xbf,
    0xd7,
    0xf7,
    0x37e,
    0x2000,
    0x200b,
    0x200e,
    0x203e,
    0x2041,
    0x206f,
    0x2190,
    0x2bff,
    0x2ff0,
    0x3000,
    0xe000,
  ),
  ...codePoints(0xf8ff, 0xfdd0, 0xfdef, 0xf0000, 0x10ffff, 0xfffe, 0xffff, 0x1),
]

/** Text that stands for itself. */
export const plainTexts: readonly string[] = [
  'x',
  // Prefixes of the grammar, where values are mistaken for names.
  'ppqqaaAA',
  'q:b=',
  'lunch',
  ' ',
  '\n',
  '\t',
  '"',
  "'",
  ']',
  ']]',
  '=',
  '/',
  '-->',
  '?',
  ';',
  '#x41;',
  'ü',
  '\u007f\u0085\u009f',
  '\u2028',
  '\ud7ff\ue000',
  '\ufeff',
  '\uf000\ufefe',
  '\ufffd',
  '\u{10000}',
  '𝄞',
  '\u{1fffe}\u{10ffff}',
  'lorem ipsum dolor sit amet '.repeat(6),
  'ö'.repeat(80),
]

/** The same characters as references; what they name is a character of XML. */
export const references: readonly string[] = [
  '&amp;',
  '&lt;',
  '&gt;',
  '&quot;',
  '&apos;',
  '&#65;',
  '&#x41;',
  '&#xD;',
  '&#13;',
  '&#xd;',
  '&#x000D;',
  '&#9;',
  '&#10;',
  '&#xA;',
  '&#x20;',
  '&#38;',
  '&#60;',
  '&#0000062;',
  '&#x22;',
  '&#x27;',
  '&#x5D;',
  '&#x85;',
  '&#xD7FF;',
  '&#xE000;',
  '&#xfffd;',
  '&#x10000;',
  '&#x10FFFF;',
  '&#1114111;',
]

/** Line ends as written (XML 1.0 2.11). */
export const lineEnds: readonly string[] = ['\r\n', '\r', '\n', '\r\r\n']

/** White space as it may stand inside a tag. */
export const tagSpaces: readonly string[] = [' ', '\n', '\t', '\r', '\r\n', '  ', ' \t\n ']

function codePoints(...codes: number[]): string[] {
  return codes.map(code => String.fromCodePoint(code))
}
