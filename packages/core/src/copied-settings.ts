// The settings of a command as text, for another process that reads them as the command does.
import { buildProgram, type Command, flagAttribute } from './command.ts'
import { type SettingName, settings } from './settings.ts'

/** Without a text it has no value; the source says whether seg.yaml may give one. */
type CopiedSetting = {
  readonly name: SettingName
  readonly text?: string | undefined
  readonly source?: string | undefined
}

export type CopiedSettings = {
  /** The path of seg.yaml, as it was given. */
  readonly config: string | undefined
  readonly values: readonly CopiedSetting[]
}

export function copySettings(command: Command, names: readonly SettingName[]): CopiedSettings {
  const values = names.map(name => {
    const attribute = flagAttribute(name)
    const value: unknown = command.getOptionValue(attribute)
    return { name, text: value === undefined ? value : String(value), source: command.getOptionValueSource(attribute) }
  })
  return { config: command.opts().config, values }
}

/** A command that was given these; `readSettings` takes from seg.yaml what it would have taken. */
export function commandWith({ config, values }: CopiedSettings): Command {
  const command = buildProgram('settings', '')
  if (config !== undefined) command.setOptionValue('config', config)
  for (const { name, text, source } of values) {
    const value = text === undefined ? text : settings[name].parse(text)
    command.setOptionValueWithSource(flagAttribute(name), value, source as 'default')
  }
  return command
}
