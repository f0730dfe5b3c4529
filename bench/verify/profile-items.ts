// The items that the time of a verification is divided into, by the function that was running.

export const itemNames = ['SHA-256', 'UTF-8 and window', 'tags', 'character data', 'rewritten', 'the rest'] as const
export type ItemName = (typeof itemNames)[number]
/** Nanoseconds of one verification. */
export type Items = Readonly<Record<ItemName, number>>

/** What runs there, by source file; functions of Node and V8 by their names. */
const files: Readonly<Record<string, ItemName>> = {
  'canonical-run.ts': 'tags',
  'form-match.ts': 'tags',
  'known-tags.ts': 'tags',
  'known-forms.ts': 'tags',
  'tag-form.ts': 'tags',
  'tag-recognizer.ts': 'tags',
  'known-declarations.ts': 'tags',
  'epochs.ts': 'tags',
  'start-tag.ts': 'tags',
  'names.ts': 'tags',
  'namespaces.ts': 'tags',
  'attributes.ts': 'tags',
  'element-stack.ts': 'tags',
  'open-elements.ts': 'tags',
  'fast-content.ts': 'character data',
  'cdata-reader.ts': 'character data',
  'pending-run.ts': 'character data',
  'tokenizer.ts': 'character data',
  'skip.ts': 'character data',
  'references.ts': 'character data',
  'line-counter.ts': 'character data',
  'canonicalizer.ts': 'rewritten',
  'octets.ts': 'rewritten',
  'octet-words.ts': 'rewritten',
  'rewritten-text.ts': 'rewritten',
  'text-octets.ts': 'rewritten',
  'value-octets.ts': 'rewritten',
  'document-input.ts': 'UTF-8 and window',
  'utf8.ts': 'UTF-8 and window',
}
const functions: Readonly<Record<string, ItemName>> = {
  update: 'SHA-256',
  digest: 'SHA-256',
  hash: 'SHA-256',
  oneShotDigest: 'SHA-256',
  isUtf8: 'UTF-8 and window',
  set: 'UTF-8 and window',
  copy: 'rewritten',
  _copyActual: 'rewritten',
}

export function itemOf(functionName: string, url: string): ItemName {
  return files[url.slice(url.lastIndexOf('/') + 1)] ?? functions[functionName] ?? 'the rest'
}
