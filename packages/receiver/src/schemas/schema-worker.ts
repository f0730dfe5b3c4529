// The thread of the schemas: libxml2 compiled to WebAssembly, which reads no file and no network. A
// document in, what its schema finds wrong out.
import { parentPort, workerData } from 'node:worker_threads'
import {
  ParseOption,
  XmlBufferInputProvider,
  XmlDocument,
  XmlElement,
  XmlLibError,
  XsdValidator,
  xmlRegisterInputProvider,
} from 'libxml2-wasm'
import { LOADED } from '../shares/bounded-thread.ts'

/** Files of one schema by their paths, the main one first. */
export type SchemaSource = { readonly type: string; readonly files: readonly (readonly [path: string, Uint8Array])[] }

/** Without a document the schema itself is tried out. */
export type SchemaQuestion = { readonly type: string; readonly document?: Uint8Array }

export type SchemaProblem = { readonly file: string | undefined; readonly line: number; readonly message: string }
export type SchemaAnswer = { readonly problems: readonly SchemaProblem[] }

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MOST_PROBLEMS = 20
const ERROR = 2
const option = ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET

const sources = workerData as readonly SchemaSource[]
const validators = new Map<string, XsdValidator>()
// What a schema includes or imports is one of its own files, or is not there.
xmlRegisterInputProvider(new XmlBufferInputProvider(Object.fromEntries(sources.flatMap(({ files }) => files))))

parentPort?.on('message', (question: SchemaQuestion) => parentPort?.postMessage(answer(question)))
parentPort?.postMessage(LOADED)

function answer({ type, document }: SchemaQuestion): SchemaAnswer {
  try {
    const validator = validatorOf(type)
    if (document !== undefined) validate(document, validator)
    return { problems: [] }
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error
    const found = error.details.filter(({ level = ERROR }) => level >= ERROR)
    const problems = found.slice(0, MOST_PROBLEMS).map(({ file, line, message }) => ({ file, line, message }))
    return { problems: problems.length > 0 ? problems : [{ file: undefined, line: 0, message: error.message }] }
  }
}

function validatorOf(type: string): XsdValidator {
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
