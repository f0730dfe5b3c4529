// What is wrong in a configuration file: all of it at once, by line and column.
import { Fault } from '../fault.ts'
import { shellWord } from '../shown-text.ts'
import type { YamlPlace, YamlProblem } from './yaml-file.ts'

/** What was found so far. */
export class Problems {
  readonly #found: { readonly at: number | YamlPlace; readonly text: string }[] = []

  get count(): number {
    return this.#found.length
  }

  /** A line alone is that of a whole record. */
  report(at: number | YamlPlace, text: string): undefined {
    this.#found.push({ at, text })
    return undefined
  }

  /** In the order of `source`, the file's text. */
  list(source = ''): YamlProblem[] {
    const lines = source.split('\n')
    const problems = this.#found.map(({ at, text }) =>
      typeof at === 'number'
        ? { line: at, column: columnOfRecord(lines[at - 1] ?? ''), text }
        : { line: at.line, column: at.column, text },
    )
    return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  }

  /** Throws the Fault `configuration` with all of them, when there are any. */
  throwIfAny(path: string, source?: string): void {
    if (this.count === 0) return
    throw new Fault('configuration', formatProblems(path, this.list(source)).join('\n  '), {
      command: `pnpm seg config check --config ${shellWord(path)}`,
    })
  }
}

export function formatProblems(path: string, problems: readonly YamlProblem[]): string[] {
  return problems.map(({ line, column, text }) => `${path}:${line}:${column}: ${text}`)
}

/** Where its first key stands. */
function columnOfRecord(line: string): number {
  return /^[ \t]*(?:- +)*/.exec(line)![0].length + 1
}
