// Claiming a data folder for what stands beside its database, such as the audit trail, before there
// is one.
import { resolve } from 'node:path'
import { checkNamed, claimFolder } from './files/data-folder.ts'
import { onStorage } from './files/storage-fault.ts'
import { outboxFolder } from './outbox/sqlite-outbox.ts'
import { ledgerFolder } from './sqlite/sqlite-ledger.ts'

const kinds = { receiver: ledgerFolder, sender: outboxFolder } as const

/**
 * For what changes data that is there: throws the Fault `configuration` where there is no such
 * folder.
 */
export function checkDataFolder(folder: string, owner: keyof typeof kinds): void {
  checkNamed(resolve(folder), kinds[owner])
}

/** Throws the Faults `storage-unavailable` and `configuration`: a folder of somebody else. */
export async function claimDataFolder(folder: string, owner: keyof typeof kinds): Promise<void> {
  await onStorage(`open the data folder ${folder}`, () => claimFolder(resolve(folder), kinds[owner]))
}
