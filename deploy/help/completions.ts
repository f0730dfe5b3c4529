// Completions for shells after `seg`: commands, then their options, and otherwise files.
import { type CommandNode, listNodes } from './command-tree.ts'

const HOW = 'Written from the help texts.'

export function writeBash(root: CommandNode): string {
  const nodes = listNodes(root)
  const row = (path: string, words: readonly string[]) => `    ${quote(path)}) echo ${quote(words.join(' '))} ;;`
  return lines(
    `# Completions of seg for bash. ${HOW}`,
    ...functionOf(
      '_seg_commands',
      nodes.filter(hasChildren).map(({ path, children }) => row(path, namesOf(children))),
    ),
    ...functionOf(
      '_seg_options',
      nodes.map(node => row(node.path, optionNames(node))),
    ),
    '_seg() {',
    `  local current=\${COMP_WORDS[COMP_CWORD]} at=seg word words`,
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    '    [[ " $(_seg_commands "$at") " == *" $word "* ]] && at="$at $word"',
    '  done',
    '  words=$(_seg_commands "$at")',
    '  [[ $current == -* ]] && words=$(_seg_options "$at")',
    '  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")',
    '}',
    'complete -o default -F _seg seg',
  )
}

export function writeZsh(root: CommandNode): string {
  const rows = listNodes(root).flatMap(({ path, children, options }) => [
    `    (${quote(path)})`,
    `      commands=(${children.map(({ name, about }) => quote(described(name, about))).join(' ')})`,
    `      options=(${options.map(({ long, about }) => quote(described(long, about))).join(' ')})`,
    '      ;;',
  ])
  return lines(
    '#compdef seg',
    `# Completions of seg for zsh. ${HOW}`,
    '_seg_lists() {',
    '  commands=() options=()',
    '  case $1 in',
    ...rows,
    '  esac',
    '}',
    '_seg() {',
    '  local at=seg word',
    '  local -a commands options',
    `  for word in "\${(@)words[2,CURRENT-1]}"; do`,
    '    _seg_lists "$at"',
    `    (( \${commands[(I)$word:*]} )) && at="$at $word"`,
    '  done',
    '  _seg_lists "$at"',
    `  if [[ \${words[CURRENT]} == -* ]]; then _describe -o 'option' options`,
    `  elif (( \${#commands} )); then _describe 'command' commands`,
    '  else _files',
    '  fi',
    '}',
    '_seg "$@"',
  )
}

export function writeFish(root: CommandNode): string {
  const nodes = listNodes(root)
  const paths = nodes.filter(({ path }) => path !== 'seg').map(({ path }) => fishQuote(path))
  const rows = nodes.flatMap(({ path, children, options }) => {
    const at = `complete -c seg -n ${fishQuote(`__seg_at '${path}'`)}`
    return [
      ...children.map(({ name, about }) => `${at} -f -a ${name} -d ${fishQuote(about)}`),
      ...options.map(({ long, short, value, about }) => {
        const names = `-l ${long.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`
        return `${at} ${names}${value === undefined ? '' : ' -r'} -d ${fishQuote(about)}`
      }),
    ]
  })
  return lines(
    `# Completions of seg for fish. ${HOW}`,
    `set -g __seg_paths ${paths.join(' ')}`,
    'function __seg_at',
    '    set -l at seg',
    '    for word in (commandline -opc)[2..-1]',
    '        contains -- "$at $word" $__seg_paths; and set at "$at $word"',
    '    end',
    '    test "$at" = "$argv[1]"',
    'end',
    ...rows,
  )
}

function functionOf(name: string, rows: readonly string[]): string[] {
  return [`${name}() {`, '  case $1 in', ...rows, '  esac', '}']
}

function hasChildren({ children }: CommandNode): boolean {
  return children.length > 0
}

function namesOf(nodes: readonly CommandNode[]): string[] {
  return nodes.map(({ name }) => name)
}

function optionNames({ options }: CommandNode): string[] {
  return options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]))
}

/** A colon ends the name. */
function described(name: string, about: string): string {
  return `${name.replaceAll(':', '\\:')}:${about}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
