// `config check` and `config schema`: the configuration file compared with its form, and that form
// for editors.
import { addSettings, type Command, openOutput } from '../command.ts'
import { amount } from '../shown-text.ts'
import { formatProblems } from './problems.ts'
import { type ConfigurationSection, checkConfiguration, configurationSchema } from './read-configuration.ts'

/** Adds both to a program, whose commands read these sections. */
export function addConfigCommands(
  program: Command,
  loadSections: () => Promise<readonly ConfigurationSection[]>,
): void {
  const config = program.command('config').description('the configuration file, seg.yaml')
  const check = config.command('check').description('every problem of the file, with line and column')
  const schema = config.command('schema').description('the form of the file as JSON Schema, for editors')
  addSettings(check, {}).action(async (_options, command) => runConfigCheck(command, await loadSections()))
  addSettings(schema, {}).action(async (_options, command) => {
    const text = JSON.stringify(configurationSchema(await loadSections()), null, 2)
    openOutput(command).report(JSON.parse(text), text)
  })
}

/** Ends with 5 when there is a problem. */
function runConfigCheck(command: Command, sections: readonly ConfigurationSection[]): void {
  const { path, isThere, problems } = checkConfiguration(command.opts().config, sections)
  const found = problems.map(({ line, column, text }) => ({ line, column, problem: text }))
  const summary = isThere
    ? `${path}: ${amount(problems.length, 'problem')}; the files that it names are read by \`diagnose\` and by a start`
    : `${path}: no file, or an empty one: all defaults`
  openOutput(command).report(
    { ok: problems.length === 0, file: path, problems: found },
    [...formatProblems(path, problems), summary].join('\n'),
  )
  if (problems.length > 0) process.exitCode = 5
}
