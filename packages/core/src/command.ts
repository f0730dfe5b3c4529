// Commands: options from the settings table, people's text and JSON kept apart, faults turned into
// exit codes.
import { Command, CommanderError, Option } from 'commander'
import { advice } from './advice.ts'
import { type ConfigurationSection, readConfiguration } from './configuration/read-configuration.ts'
import { checkEnvironment } from './environment.ts'
import { asFault, Fault } from './fault.ts'
import { type LineOutput, openLineOutput } from './line-output.ts'
import {
  environmentName,
  parseFrom,
  parseSetting,
  resolveUserPath,
  type SettingName,
  type SettingValue,
  settings,
} from './settings.ts'
import { escapeJson, escapeUnseen } from './shown-text.ts'
import { refuseDebugger } from './signals.ts'
import { describeLoss, standardError, standardStreams } from './standard-streams.ts'

export type { Command }

export type SettingValues<N extends SettingName> = { readonly [K in N]: SettingValue<K> }

/**
 * The output of a command: `say` for people (silent with --json), `report` for the result of the
 * run. Neither waits, nor throws.
 */
export type Output = {
  readonly json: boolean
  say(line: string): void
  report(result: object, text: string): void
}

const opened: LineOutput[] = [standardError]

/**
 * Writes a result piece by piece to standard output. Throws ReaderGone, the Fault
 * `file-unreadable`, and what comes out of `pieces`.
 */
export function writeResult(pieces: AsyncIterable<Uint8Array | string>): Promise<void> {
  return standardStreams().results.writePieces(pieces)
}

export function buildProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: text => standardStreams().results.write(text),
      writeErr: text => standardError.write(text),
    })
    .showHelpAfterError('(try --help)')
}

/** Adds --json, --config and the named settings with this command's defaults. */
export function addSettings(command: Command, defaults: { readonly [K in SettingName]?: SettingValue<K> }): Command {
  for (const name of Object.keys(defaults) as SettingName[]) {
    const { flag, help } = settings[name]
    const option = new Option(flag, help).env(environmentName(name)).argParser(text => parseSetting(name, text))
    command.addOption(option.default(defaults[name], String(defaults[name])))
  }
  command.option('--config <file>', 'configuration file instead of seg.yaml at the root', resolveUserPath)
  return command.option('--json', 'print one JSON object instead of text for people')
}

/**
 * The settings of a parsed command, those of seg.yaml filled in where neither flag nor environment
 * gave one. Throws the Fault `configuration` with every problem of the file, those of `sections`
 * too.
 */
export function readSettings<N extends SettingName>(
  command: Command,
  names: readonly N[],
  sections: readonly ConfigurationSection[] = [],
): SettingValues<N> {
  const { config } = command.opts()
  const file = readConfiguration(config, sections)
  const values: Partial<Record<N, unknown>> = {}
  for (const name of names) {
    const attribute = flagAttribute(name)
    const text = file[name]
    // A setting without a default has no source at all.
    const source = command.getOptionValueSource(attribute) ?? 'default'
    const fromFile = text !== undefined && source === 'default'
    values[name] = fromFile
      ? parseFrom(`${config ?? 'seg.yaml'}: ${settings[name].key}`, 'configuration', name, text)
      : command.getOptionValue(attribute)
  }
  return values as SettingValues<N>
}

/** Where a value comes from: the first of these that has one. */
export type SettingOrigin = 'flag' | 'environment' | 'file' | 'default'

export type ShownSetting = {
  /** In seg.yaml. */
  readonly key: string
  readonly flag: string
  readonly value: string
  readonly origin: SettingOrigin
}

/** The settings of a command as they are in force. A secret is never one: its file is. */
export function showSettings(command: Command, names: readonly SettingName[]): ShownSetting[] {
  const values: Partial<Record<SettingName, unknown>> = readSettings(command, names)
  const file = readConfiguration(command.opts().config)
  return names.map(name => {
    const { key, flag } = settings[name]
    const given = command.getOptionValueSource(flagAttribute(name))
    const origin =
      given === 'cli' ? 'flag' : given === 'env' ? 'environment' : file[name] === undefined ? 'default' : 'file'
    return { key, flag: flag.split(' ')[0]!, value: String(values[name]), origin }
  })
}

/** For a command that ends: its results wait for their reader. */
export function openOutput(command: Command): Output {
  return outputOf(command, text => standardStreams().results.write(text))
}

export type ListForm<Item> = {
  /** Of the list, in JSON, and what comes before it there. */
  readonly name: string
  readonly before?: object
  readonly facts: (item: Item) => object
  readonly heading?: string
  readonly line: (item: Item) => string
  /** The text instead of no lines. */
  readonly empty: string
}

/**
 * Writes a list that may be longer than memory: item by item, at the pace of its reader. Throws as
 * `writeResult` does.
 */
export function writeList<Item>(command: Command, items: AsyncIterable<Item>, form: ListForm<Item>): Promise<void> {
  return writeResult(command.opts().json === true ? formatJsonList(items, form) : formatLines(items, form))
}

async function* formatJsonList<Item>(items: AsyncIterable<Item>, { name, before, facts }: ListForm<Item>) {
  yield writeJson({ ...before, [name]: [] }).slice(0, -2)
  let separator = ''
  for await (const item of items) {
    yield separator + writeJson(facts(item))
    separator = ','
  }
  yield ']}\n'
}

async function* formatLines<Item>(items: AsyncIterable<Item>, { heading, line, empty }: ListForm<Item>) {
  let isEmpty = true
  for await (const item of items) {
    if (isEmpty && heading !== undefined) yield `${heading}\n`
    isEmpty = false
    yield `${line(item)}\n`
  }
  if (isEmpty) yield `${empty}\n`
}

/**
 * For a service: it continues when its output has no reader, and reports how many lines were
 * dropped.
 */
export function openServiceOutput(command: Command): Output {
  const lines = openLineOutput(1, dropped =>
    command.opts().json === true ? `${JSON.stringify({ dropped })}\n` : describeLoss(dropped),
  )
  opened.push(lines)
  return outputOf(command, text => lines.write(text))
}

function outputOf(command: Command, write: (text: string) => void): Output {
  const json = command.opts().json === true
  return {
    json,
    say(line) {
      if (!json) standardError.write(`${line}\n`)
    },
    report(result, text) {
      write(json ? `${writeJson(result)}\n` : `${text}\n`)
    },
  }
}

/**
 * Runs a program and sets the process's exit code: 0, 2 for wrong usage, else the fault's. An error
 * that is no Fault is a defect of ours: its stack is shown and the code is 5. When nobody reads the
 * results on, the command ends as it would have ended otherwise.
 */
export async function runProgram(program: Command, argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  // Files are made for this user only, independent of the shell's umask: other modes are set
  // explicitly.
  process.umask(0o077)
  refuseDebugger()
  writeWarnings()
  await runArguments(program, argv)
  await Promise.all(opened.map(lines => lines.close()))
}

/** What `runProgram` does of a process whose umask is set. */
export async function runArguments(program: Command, argv: readonly string[]): Promise<void> {
  const { results } = standardStreams()
  const json = argv.includes('--json')
  try {
    checkEnvironment(process.env, process.execArgv)
    checkArguments(argv)
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error !== results.failure) process.exitCode = reportFailure(error, json)
  }
  await results.end()
  if (results.failure instanceof Fault) {
    // There is no place for JSON any more.
    const exitCode = reportFailure(results.failure, false)
    process.exitCode ||= exitCode
  }
}

/**
 * An empty argument comes from an empty variable: it would mean the folder where the user
 * stands, or every address.
 */
function checkArguments(argv: readonly string[]): void {
  const empty = argv.findIndex(argument => argument.trim() === '' || /^--[\w-]+=\s*$/.test(argument))
  if (empty < 0) return
  const before = argv[empty]!.trim() || argv[empty - 1]
  const place = before?.startsWith('-') ? `the value of ${before.replace(/=\s*$/, '')}` : `argument ${empty + 1}`
  throw new Fault('usage', `${place} is empty; give a value or leave it out`)
}

/** Node would write them itself, and wait for the reader. */
function writeWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => standardError.write(`${name}: ${message}\n`))
}

function reportFailure(error: unknown, json: boolean): number {
  const { results } = standardStreams()
  // Commander has printed its own message (or the help that was asked for) by now.
  if (error instanceof CommanderError) {
    if (json && error.exitCode !== 0)
      results.write(`${writeJson({ ok: false, code: 'usage', detail: error.message })}\n`)
    return error.exitCode === 0 ? 0 : 2
  }
  const { code, sentence, detail, command, exitCode } = asFault(error)
  if (json) results.write(`${writeJson({ ok: false, code, detail, command, advice: advice[code] })}\n`)
  else if (command === undefined)
    standardError.write(`error: ${code}: ${sentence}\n  ${detail}\n  What to do: ${advice[code]}\n`)
  // What `diagnose` says: the cause first, the command second.
  else standardError.write(`error: ${code}: ${detail}\n  run: ${escapeUnseen(command)}\n`)
  return exitCode
}

/** It may be shown on a terminal. */
function writeJson(value: object): string {
  return escapeJson(JSON.stringify(value))
}

/** Its name among the options of a command. */
export function flagAttribute(name: SettingName): string {
  return new Option(settings[name].flag).attributeName()
}

type Action<Given extends readonly unknown[]> = (...given: Given) => void | Promise<void>

/**
 * An action that `load` imports when it runs: a process loads what its own command uses, not what
 * all the others use. Throws as the action does.
 */
export function onDemand<Given extends readonly unknown[]>(
  load: () => Promise<Action<Given>>,
): (...given: Given) => Promise<void> {
  return async (...given) => {
    const run = await load()
    await run(...given)
  }
}
