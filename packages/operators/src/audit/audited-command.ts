// Commands that change something, or give out what is kept: none without its records.
import { type Command, readSettings } from '@seg/core'
import { checkDataFolder } from '@seg/ledger'
import { type AuditTrail, openAuditTrail } from './audit-trail.ts'
import { type Planned, performAct } from './perform-act.ts'

export type Run<Given extends readonly unknown[]> = (...given: Given) => Promise<void>
/** What the command will do, from what it was given; `ofData`: to what the data folder holds. */
export type Described = Omit<Planned, 'why'> & { readonly ofData?: true }
export type Describe<Given extends readonly unknown[]> = (...given: Given) => Described

type Gateway = {
  readonly owner: 'receiver' | 'sender'
  readonly version: string
  /** Called when the records are written. */
  readonly after?: (command: Command, data: string, trail: AuditTrail) => Promise<void>
}

/** `run` with its records before and after. Throws as `performAct` does. */
export function auditedCommand<Given extends readonly unknown[]>(
  { owner, version, after = async () => {} }: Gateway,
  describe: Describe<Given>,
  run: Run<Given>,
): Run<Given> {
  return async (...given) => {
    const command = given.at(-1) as Command
    const { data } = readSettings(command, ['data'])
    const { ofData, ...planned } = describe(...given)
    // A wrong name must not make a folder.
    if (ofData) checkDataFolder(data, owner)
    const trail = await openAuditTrail(data, owner, version)
    try {
      await performAct(trail, { ...planned, why: command.opts().why }, () => run(...given))
    } finally {
      await after(command, data, trail).finally(() => trail.close())
    }
  }
}
