// The verifier as one HTML file that works from disk: its modules, without their types, one after
// the other in a script that the page's own policy names by its digest. No build and no bundler:
// what is in the file is what stands in the sources, and can be read there.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join, resolve } from 'node:path'

const sources = resolve(import.meta.dirname, '..')
const files = resolve(sources, '../page')
/** `.js` where it was compiled for a deployment. */
const extension = extname(import.meta.filename)
const ENTRY = `page/verifier-page${extension}`
const IMPORT = /^import (?:type )?(?:\{([^}]*)\}|[^'{]*?)(?: from )?'(\.[^']+)';?$/gm
const EXPORT = /^export (?:(async function|function|class|const) (\w+))/gm

/** The page, in UTF-8. */
export function writeVerifierPage(): string {
  const order: string[] = []
  collect(ENTRY, order, [])
  const script = `'use strict'\n${order.map(writeModule).join('\n')}`
  const style = readFileSync(join(files, 'verifier-page.css'), 'utf8')
  // HTML ends a script, or changes how it reads one, at these.
  if (/<\/script|<!--|<script|<\/style/i.test(script + style)) throw new TypeError('a tag of HTML in the verifier')
  const policy = [
    "default-src 'none'",
    `script-src '${digestOf(script)}'`,
    `style-src '${digestOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
  const body = readFileSync(join(files, 'verifier-page.html'), 'utf8')
  return body
    .replace('<!-- policy -->', () => `<meta http-equiv="Content-Security-Policy" content="${policy}">`)
    .replace('<!-- style -->', () => `<style>${style}</style>`)
    .replace('<!-- script -->', () => `<script>${script}</script>`)
}

/** Each module behind those that it imports. */
function collect(file: string, order: string[], way: readonly string[]): void {
  if (way.includes(file)) throw new TypeError(`${file} imports itself`)
  if (order.includes(file)) return
  for (const [, , target] of stripTypes(file).matchAll(IMPORT))
    collect(resolveImport(file, target!), order, [...way, file])
  order.push(file)
}

/** A function of its own for each, so that names within it meet no others. */
function writeModule(file: string): string {
  const code = stripTypes(file)
  const names = [...code.matchAll(EXPORT)].map(([, , name]) => name!)
  const written = code
    .replace(IMPORT, (_, list: string, target: string) => {
      const imported = list.split(',').map(name => name.trim())
      return `const { ${imported.filter(name => name !== '').join(', ')} } = ${nameOf(resolveImport(file, target))}`
    })
    .replace(EXPORT, '$1 $2')
  if (/^\s*(?:import|export)\b/m.test(written)) throw new TypeError(`${file} imports or exports in another form`)
  const lines = written.split('\n').filter(line => line.trim() !== '')
  return `const ${nameOf(file)} = (() => {\n${lines.join('\n')}\nreturn { ${names.join(', ')} }\n})()`
}

function resolveImport(file: string, target: string): string {
  return join(file, '..', target).replaceAll('\\', '/')
}

function nameOf(file: string): string {
  return `$${file.replace(/\W/g, '_')}`
}

function digestOf(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`
}

const stripped = new Map<string, string>()

/** Types become spaces; imports of types alone are gone. */
function stripTypes(file: string): string {
  const known = stripped.get(file)
  if (known !== undefined) return known
  const { emitWarning } = process
  // Node warns that the function may change; the tests of the page would see it.
  process.emitWarning = () => {}
  try {
    const code = readCode(join(sources, file))
    stripped.set(file, code)
    return code
  } finally {
    process.emitWarning = emitWarning
  }
}

function readCode(path: string): string {
  const code = readFileSync(path, 'utf8')
  return extension === '.ts'
    ? stripTypeScriptTypes(code)
    : code.replace(/^(?:export \{\};|\/\/# sourceMappingURL=.*)$/gm, '')
}
