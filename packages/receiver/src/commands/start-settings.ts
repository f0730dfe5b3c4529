// The settings of a start, and the checks of `diagnose` for them.
import { type Command, readSettings } from '@seg/core'
import { receiverChecks } from '../diagnosis/receiver-checks.ts'
import { doubtsOf, readHandOffs } from '../hand-off/targets.ts'
import { startDefaults } from './start-defaults.ts'

export const startSettings = Object.keys(startDefaults) as (keyof typeof startDefaults)[]

/** What a start with these settings needs. */
export function checksOfStart(command: Command): ReturnType<typeof receiverChecks> {
  const { config } = command.opts()
  return receiverChecks({
    readSettings: () => ({ ...readSettings(command, startSettings), config }),
    findHandOffDoubts: async () => doubtsOf(await readHandOffs(command, readSettings(command, ['data']).data)),
    now: () => new Date(),
  })
}
