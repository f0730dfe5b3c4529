// Documents put aside for a program of the system that takes many at a time: starting it costs more
// than its work.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { needs } from '../support/programs.ts'

const SIZE = 250

export type Run = (args: readonly string[]) => { readonly stdout: string; readonly stderr: string }

/**
 * Checks `documents`, which stand in `files`; `run` gives what the program prints. Throws a
 * Finding.
 */
export type Check = (documents: readonly Buffer[], files: readonly string[], run: Run) => void

export class Batch {
  readonly #program: string | undefined
  readonly #folder: string
  readonly #check: Check
  #documents: Buffer[] = []

  /** A batch for `program`; where it is not installed nothing is put aside. */
  static for(program: string, folder: string, check: Check): Batch {
    return new Batch(needs(program).skip === false ? program : undefined, folder, check)
  }

  private constructor(program: string | undefined, folder: string, check: Check) {
    this.#program = program
    this.#folder = folder
    this.#check = check
  }

  add(document: Buffer): void {
    if (this.#program !== undefined) this.#documents.push(document)
  }

  /** Checks what was put aside, when it is enough or all there is. */
  finish(isLast: boolean): void {
    const program = this.#program
    if (program === undefined) return
    while (this.#documents.length >= (isLast ? 1 : SIZE)) {
      const documents = this.#documents.splice(0, SIZE)
      const files = documents.map((document, j) => {
        const file = join(this.#folder, `${program}-${j}.xml`)
        writeFileSync(file, document)
        return file
      })
      this.#check(documents, files, args => spawnSync(program, args, { encoding: 'utf8' }))
    }
  }
}
