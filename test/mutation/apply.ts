// Loaded before the tests of one mutant: the file that is mutated is changed as it is read, the
// checkout is not.
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Mutant } from './mutants.ts'

const { MUTANT } = process.env
if (MUTANT !== undefined) {
  const { file, from, to, text }: Mutant = JSON.parse(MUTANT)
  const { href } = pathToFileURL(file)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url !== href) return loaded
      const source = String(loaded.source)
      return { ...loaded, source: source.slice(0, from) + text + source.slice(to) }
    },
  })
}
