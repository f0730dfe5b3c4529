// libxml2 compiled to WebAssembly, which reads no file and no network: schemas, and XPath
// expressions. Text and octets go in and come out, never a node.
import {
  ParseOption,
  XmlBufferInputProvider,
  XmlDocument,
  XmlElement,
  XmlLibError,
  XmlXPath,
  XsdValidator,
  xmlRegisterInputProvider,
} from 'libxml2-wasm'

/** Files of one schema by their paths, the main one first. */
export type SchemaSource = { readonly type: string; readonly files: readonly (readonly [path: string, Uint8Array])[] }
export type SchemaProblem = { readonly file: string | undefined; readonly line: number; readonly message: string }

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MOST_PROBLEMS = 20
const ERROR = 2
const option = ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET

/** What a schema finds wrong in a document; without one, what is wrong with the schema. */
export function openSchemaSet(sources: readonly SchemaSource[]) {
  const validators = new Map<string, XsdValidator>()
  // What a schema includes or imports is one of its own files, or is not there.
  xmlRegisterInputProvider(new XmlBufferInputProvider(Object.fromEntries(sources.flatMap(({ files }) => files))))
  const validatorOf = (type: string): XsdValidator => {
    const known = validators.get(type)
    if (known !== undefined) return known
    const [path, octets] = sources.find(source => source.type === type)!.files[0]!
    const schema = XmlDocument.fromBuffer(octets, { url: path, option })
    try {
      const validator = XsdValidator.fromDoc(schema)
      validators.set(type, validator)
      return validator
    } finally {
      schema.dispose()
    }
  }
  return (type: string, document: Uint8Array | undefined): readonly SchemaProblem[] => {
    try {
      const validator = validatorOf(type)
      if (document !== undefined) validate(document, validator)
      return []
    } catch (error) {
      if (!(error instanceof XmlLibError)) throw error
      const found = error.details.filter(({ level = ERROR }) => level >= ERROR)
      const problems = found.slice(0, MOST_PROBLEMS).map(({ file, line, message }) => ({ file, line, message }))
      return problems.length > 0 ? problems : [{ file: undefined, line: 0, message: error.message }]
    }
  }
}

/** The Signature is no part of what was signed, and a schema does not have it. */
function validate(octets: Uint8Array, validator: XsdValidator): void {
  const document = XmlDocument.fromBuffer(octets, { option })
  try {
    for (let node = document.root.firstChild; node !== null; ) {
      const { next } = node
      if (node instanceof XmlElement && node.name === 'Signature' && node.namespaceUri === DSIG) node.remove()
      node = next
    }
    validator.validate(document)
  } finally {
    document.dispose()
  }
}

/** Compiles an XPath 1.0 expression. Throws an Error that says what is wrong with it. */
export function compileExpression(xpath: string, prefixes: Readonly<Record<string, string>>): XmlExpression {
  return new XmlExpression(XmlXPath.compile(xpath, { ...prefixes }))
}

export class XmlExpression {
  readonly #compiled: XmlXPath

  constructor(compiled: XmlXPath) {
    this.#compiled = compiled
  }

  /** The string values (XPath 5) of at most `most` nodes, or the one value. */
  evaluate(document: ParsedXml, most: number): readonly string[] {
    const found = document.root.eval(this.#compiled)
    if (!Array.isArray(found)) return [String(found)]
    if (found.length > most) throw new Error(`expected at most ${most} nodes, found ${found.length}`)
    return found.map(node => node.content)
  }
}

/** To be closed. */
export class ParsedXml {
  readonly #document: XmlDocument

  constructor(octets: Uint8Array) {
    this.#document = XmlDocument.fromBuffer(octets, { option })
  }

  get root(): XmlElement {
    return this.#document.root
  }

  close(): void {
    this.#document.dispose()
  }
}
