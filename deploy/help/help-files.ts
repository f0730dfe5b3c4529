// The files that are made from the help texts, at their places below `share`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readCommands } from './command-tree.ts'
import { writeBash, writeFish, writeZsh } from './completions.ts'
import { writeManPages } from './man-pages.ts'

/** Below this folder. */
export async function writeHelp(folder: string): Promise<void> {
  const root = await readCommands()
  const files = new Map([
    ['bash-completion/completions/seg', writeBash(root)],
    ['zsh/site-functions/_seg', writeZsh(root)],
    ['fish/vendor_completions.d/seg.fish', writeFish(root)],
    ...[...writeManPages(root)].map(([name, page]) => [`man/man1/${name}`, page] as const),
  ])
  for (const [name, text] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
