// Commands: options from the settings table, people's text and JSON kept apart, faults turned into exit codes.
import { Command, CommanderError, Option } from 'commander'
import { Fault } from './fault.ts'
import {
  environmentName,
  readConfiguration,
  resolveUserPath,
  type SettingName,
  type SettingValue,
  settings,
} from './settings.ts'

export type { Command }

export type SettingValues<N extends SettingName> = { readonly [K in N]: SettingValue<K> }

/** How a command speaks: `say` for people (silent with --json), `report` for the result of the run. */
export type Output = {
  readonly json: boolean
  say(line: string): void
  report(result: object, text: string): void
}

export function buildProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(try --help)')
}

/** Adds --json, --config and the named settings with this command's defaults. */
export function addSettings(command: Command, defaults: { readonly [K in SettingName]?: SettingValue<K> }): Command {
  for (const name of Object.keys(defaults) as SettingName[]) {
    const { flag, help, parse } = settings[name]
    const option = new Option(flag, help).env(environmentName(name)).argParser(parse as (text: string) => unknown)
    command.addOption(option.default(defaults[name], String(defaults[name])))
  }
  command.option('--config <file>', 'configuration file instead of seg.yaml at the root', resolveUserPath)
  return command.option('--json', 'print one JSON object instead of text for people')
}

/** The settings of a parsed command, those of seg.yaml filled in where neither flag nor environment gave one. */
export function readSettings<N extends SettingName>(command: Command, names: readonly N[]): SettingValues<N> {
  const file = readConfiguration(command.opts().config)
  const values: Partial<Record<N, unknown>> = {}
  for (const name of names) {
    const attribute = flagAttribute(name)
    const text = file[name]
    const fromFile = text !== undefined && command.getOptionValueSource(attribute) === 'default'
    values[name] = fromFile ? settings[name].parse(text) : command.getOptionValue(attribute)
  }
  return values as SettingValues<N>
}

export function openOutput(command: Command): Output {
  const json = command.opts().json === true
  return {
    json,
    say(line) {
      if (!json) process.stderr.write(`${line}\n`)
    },
    report(result, text) {
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text}\n`)
    },
  }
}

/**
 * Runs a program and sets the process's exit code: 0, 2 for wrong usage, else the fault's. An error that is no Fault is a defect of ours:
 * its stack is shown and the code is 5.
 */
export async function runProgram(program: Command, argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    process.exitCode = reportFailure(error, argv.includes('--json'))
  }
}

function reportFailure(error: unknown, json: boolean): number {
  // Commander has printed its own message (or the help that was asked for) by now.
  if (error instanceof CommanderError) {
    if (json && error.exitCode !== 0)
      process.stdout.write(`${JSON.stringify({ ok: false, code: 'usage', detail: error.message })}\n`)
    return error.exitCode === 0 ? 0 : 2
  }
  const fault =
    error instanceof Fault ? error : new Fault('internal', (error as Error)?.stack ?? String(error), { cause: error })
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, code: fault.code, detail: fault.detail })}\n`)
  else process.stderr.write(`error: ${fault.code}: ${fault.sentence}\n  ${fault.detail}\n`)
  return fault.exitCode
}

function flagAttribute(name: SettingName): string {
  return new Option(settings[name].flag).attributeName()
}
