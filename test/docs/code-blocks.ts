// The fenced code blocks of a Markdown page. A block in `sh` is run by a test, unless its first
// line says `sh excerpt`; a block in any language whose first line says `file=NAME` is written to
// that file before.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/commands.ts'

export type CodeBlock = {
  /** Path of the page from the root of the checkout. */
  readonly page: string
  /** Number of the line that opens the block, from 1. */
  readonly line: number
  /** The heading above it. */
  readonly heading: string
  readonly language: string
  /** Name of the file that it is to be written to. */
  readonly file: string | undefined
  readonly isExcerpt: boolean
  readonly text: string
}

const FENCE = /^```(.*)$/
const pageFolders = ['.', 'docs', 'docs/decisions', 'bench']

/** Throws for a fence that is never closed. */
export function readCodeBlocks(page: string): CodeBlock[] {
  return parseCodeBlocks(page, readFileSync(join(root, page), 'utf8'))
}

export function parseCodeBlocks(page: string, markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let heading = ''
  let open: { readonly line: number; readonly info: string; readonly lines: string[] } | undefined
  for (const [i, text] of markdown.split('\n').entries()) {
    const fence = FENCE.exec(text)
    if (open === undefined) {
      heading = /^#+ (.*)$/.exec(text)?.[1] ?? heading
      if (fence) open = { line: i + 1, info: fence[1]!.trim(), lines: [] }
    } else if (fence?.[1] === '') {
      blocks.push({ page, heading, line: open.line, ...readInfo(open.info), text: `${open.lines.join('\n')}\n` })
      open = undefined
    } else open.lines.push(text)
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the code block is never closed`)
  return blocks
}

function readInfo(info: string): Pick<CodeBlock, 'language' | 'file' | 'isExcerpt'> {
  const [language = '', ...words] = info.split(/\s+/)
  const file = words.find(word => word.startsWith('file='))?.slice('file='.length)
  return { language, file, isExcerpt: words.includes('excerpt') }
}

/** Whether a test must run it. */
export function isRun({ language, file, isExcerpt }: CodeBlock): boolean {
  return language === 'sh' && file === undefined && !isExcerpt
}

/** All Markdown pages, as paths from the root of the checkout. */
export function listPages(): string[] {
  return pageFolders.flatMap(folder =>
    readdirSync(join(root, folder))
      .filter(name => name.endsWith('.md'))
      .map(name => join(folder, name)),
  )
}
