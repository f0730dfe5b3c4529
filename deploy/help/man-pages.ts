// Man pages (man(7)): one for seg, one for each of its programs.
import { type CommandNode, listNodes } from './command-tree.ts'

/** By the name of its file. */
export function writeManPages(root: CommandNode): ReadonlyMap<string, string> {
  const pages = new Map([['seg.1', writeRoot(root)]])
  for (const program of root.children) pages.set(`seg-${program.name}.1`, writeProgram(program, root))
  return pages
}

function writeRoot({ about, children }: CommandNode): string {
  return page('seg', about, [
    ...section('SYNOPSIS', '.B seg', '.I program command', '[options]'),
    ...section('PROGRAMS', ...children.flatMap(({ name, about }) => item(`seg-${name}(1)`, about))),
    ...seeAlso(children.map(({ name }) => `seg-${name}`)),
  ])
}

function writeProgram(program: CommandNode, root: CommandNode): string {
  const commands = listNodes(program).filter(({ children }) => children.length === 0)
  const others = root.children.filter(({ name }) => name !== program.name)
  return page(`seg-${program.name}`, program.about, [
    ...section('SYNOPSIS', `.B ${escapeRoff(program.path)}`, '.I command', '[options]'),
    '.SH COMMANDS',
    ...commands.flatMap(writeCommand),
    ...section(
      'EXIT STATUS',
      '0: done. 2: wrong usage. Others: the table of exit codes in docs/commands.md, and docs/faults.md.',
    ),
    ...seeAlso(['seg', ...others.map(({ name }) => `seg-${name}`)]),
  ])
}

function writeCommand({ path, about, arguments: given, options }: CommandNode): string[] {
  const usage = [path, ...given.map(({ name }) => name), '[options]'].join(' ')
  return [
    `.SS ${escapeRoff(usage)}`,
    text(about),
    ...given.flatMap(({ name, about }) => item(name, about)),
    ...options.flatMap(({ long, short, value, about }) => {
      const names = [...(short === undefined ? [] : [short]), long].join(', ')
      return item(value === undefined ? names : `${names} ${value}`, about)
    }),
  ]
}

function page(name: string, about: string, body: readonly string[]): string {
  const head = [
    `.\\" Written from the help texts.`,
    `.TH ${name.toUpperCase()} 1 "" seg "Secure Exchange Gateway"`,
    '.SH NAME',
    `${escapeRoff(name)} \\- ${text(about)}`,
  ]
  return `${[...head, ...body].join('\n')}\n`
}

function section(title: string, ...body: readonly string[]): string[] {
  return [`.SH ${title}`, ...body]
}

function seeAlso(names: readonly string[]): string[] {
  return section('SEE ALSO', names.map(name => `${escapeRoff(name)}(1)`).join(', '))
}

function item(name: string, about: string): string[] {
  return ['.TP', `.B ${escapeRoff(name)}`, text(about)]
}

/** A line of text, escaped: roff reads a dot or an apostrophe at its beginning as a request. */
function text(line: string): string {
  const escaped = escapeRoff(line)
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped
}

/** A hyphen as it is typed. */
function escapeRoff(line: string): string {
  return line.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq').replaceAll("'", '\\(aq')
}
