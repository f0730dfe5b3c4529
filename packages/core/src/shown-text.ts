// Foreign text as people may see it: letters of every script as they are; everything invisible,
// moves a cursor or reorders a line is escaped.

/**
 * Controls (C0, C1), format characters (bidi controls and tags among them), lone surrogates,
 * private and unassigned code points, separators of lines and paragraphs, every space but ASCII's,
 * and all else that a terminal may show as nothing (Unicode, Default_Ignorable_Code_Point).
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu
/** The same but for line feeds, which end the lines of what we write ourselves. */
const UNSEEN_IN_LINES = /(?!\n)(?:[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs})/gu
/** What `JSON.stringify` escaped of them, past an escaped backslash. */
const ESCAPED_CONTROL = /\\(?:\\|[bfr]|u00[01][0-9a-f]|ud[89a-f][0-9a-f]{2})/g

const LONGEST = 120
/** Printable ASCII that is quoted as it stands. */
const PLAIN = /^[ !#-[\]-~]{0,120}$/
const PRINTABLE_ASCII = /^[ -~]*\n?$/

/**
 * Quotes foreign text for a detail or a log line: a JSON string in which all that is unseen is
 * escaped, cut at 120 characters.
 */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  // Not between the two halves of a character.
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…` : text
  return escapeUnseen(JSON.stringify(shown))
}

/** Foreign text for a table: as `quote`, but neither in quotation marks nor cut. */
export function escapeUnseen(text: string): string {
  return PRINTABLE_ASCII.test(text) && !text.endsWith('\n') ? text : text.replace(UNSEEN, escapeUnits)
}

/**
 * JSON that says the same and shows nothing unseen on a terminal; line feeds between its values
 * stay.
 */
export function escapeJson(json: string): string {
  return PRINTABLE_ASCII.test(json) ? json : json.replace(UNSEEN_IN_LINES, escapeUnits)
}

/**
 * JSON whose strings, when they are read, have escapes where they had what is unseen; line feeds
 * and tabs stay.
 */
export function escapeWithinJson(json: string): string {
  if (!json.includes('\\') && PRINTABLE_ASCII.test(json)) return json
  const controls = json.replace(ESCAPED_CONTROL, found => (found === '\\\\' ? found : `\\${found}`))
  return controls.replace(UNSEEN_IN_LINES, character => escapeUnits(character).replaceAll('\\', '\\\\'))
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map(unit => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
}

/** What no shell takes for more than itself. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/

/**
 * Text as one word of a shell: advice that a user pastes must not run text of a certificate
 * (POSIX Shell 2.2.2: between single quotes nothing means anything but the next one).
 */
export function shellWord(text: string): string {
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** A number with its noun: `1 CA`, `2 CAs`, `0 entries`. */
export function amount(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`
  return /[^aeiou]y$/.test(noun) ? `${count} ${noun.slice(0, -1)}ies` : `${count} ${noun}s`
}

/** A flag of advice that continues to the same place as this run; nothing where none was given. */
export function flagFor(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` --${name} ${shellWord(value)}`
}
