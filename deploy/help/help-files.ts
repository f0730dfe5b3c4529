// The files that are made of the help texts, where a system looks for them below `share`.
import { readCommands } from './command-tree.ts'
import { writeBash, writeFish, writeZsh } from './completions.ts'
import { writeManPages } from './man-pages.ts'

/** By their paths below deploy/share. */
export async function makeHelpFiles(): Promise<ReadonlyMap<string, string>> {
  const root = await readCommands()
  return new Map([
    ['bash-completion/completions/seg', writeBash(root)],
    ['zsh/site-functions/_seg', writeZsh(root)],
    ['fish/vendor_completions.d/seg.fish', writeFish(root)],
    ...[...writeManPages(root)].map(([name, page]) => [`man/man1/${name}`, page] as const),
  ])
}
