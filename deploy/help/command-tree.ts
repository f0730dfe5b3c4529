// The commands of all programs as plain data: what `--help` of each prints.
import { join, resolve } from 'node:path'

export type CommandNode = {
  /** As it is typed, such as `seg receiver start`. */
  readonly path: string
  readonly name: string
  readonly about: string
  readonly arguments: readonly { readonly name: string; readonly about: string }[]
  readonly options: readonly CommandOption[]
  readonly children: readonly CommandNode[]
}

export type CommandOption = {
  readonly long: string
  readonly short: string | undefined
  /** What it takes, such as `<file>`; undefined for a switch. */
  readonly value: string | undefined
  readonly about: string
}

/** What is used of a Command of commander. */
type Command = {
  name(): string
  description(): string
  readonly commands: readonly Command[]
  readonly registeredArguments: readonly { readonly description: string }[]
  readonly options: readonly Option[]
  createHelp(): {
    argumentTerm(argument: Command['registeredArguments'][number]): string
    optionDescription(option: Option): string
    visibleOptions(command: Command): Option[]
  }
  readonly usage: () => string
}
type Option = { readonly flags: string; readonly long?: string; readonly short?: string }

const root = resolve(import.meta.dirname, '../..')
const programs = ['pki', 'receiver', 'sender'] as const

export async function readCommands(): Promise<CommandNode> {
  const children: CommandNode[] = []
  for (const name of programs) {
    const { program } = (await import(`../../packages/${name}/src/main.ts`)) as { readonly program: Command }
    children.push(nodeOf(program, 'seg'))
  }
  const about = 'Secure Exchange Gateway: signs, delivers, verifies and keeps documents'
  return { path: 'seg', name: 'seg', about, arguments: [], options: [], children }
}

/** All of them, each before those below it. */
export function listNodes(node: CommandNode): CommandNode[] {
  return [node, ...node.children.flatMap(listNodes)]
}

function nodeOf(command: Command, above: string): CommandNode {
  const help = command.createHelp()
  const path = `${above} ${command.name()}`
  return {
    ...{ path, name: command.name(), about: command.description() },
    arguments: command.registeredArguments.map(argument => ({
      name: help.argumentTerm(argument),
      about: argument.description,
    })),
    options: help.visibleOptions(command).flatMap(option => optionOf(option, help.optionDescription(option))),
    children: command.commands.map(child => nodeOf(child, path)),
  }
}

/** Defaults are folders of whoever runs it: here they are those below the root. */
function optionOf({ flags, long, short }: Option, about: string): CommandOption[] {
  if (long === undefined) return []
  const [, value] = /\s([<[].*)$/.exec(flags) ?? []
  return [{ long, short, value, about: about.replaceAll(join(root, '/'), '').replaceAll(root, '.') }]
}
