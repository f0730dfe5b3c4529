// Character data read back from its canonical form (XML-C14N 2.3, Text Nodes).

const characters: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&#xD;': '\r' }

/** The characters that canonical text stands for. */
export function readCanonicalText(text: string): string {
  return text.includes('&') ? text.replace(/&(?:amp|lt|gt|#xD);/g, reference => characters[reference]!) : text
}
