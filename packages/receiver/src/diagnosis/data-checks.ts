// The database with the ledger, where there is one. The data folder: ours, writable, not in use by
// another process, with room, and no entry of the future.
import { dirname, join } from 'node:path'
import { amount, type Check, Fault, shellWord } from '@seg/core'
import {
  checkBound,
  checkFolders,
  checkWritable,
  describeLedgerPlace,
  isFolderLocked,
  lookAtLedger,
  openLedgerReader,
  placeOfFolder,
  readLogKeys,
} from '@seg/ledger'
import { measureSpace, reserveOf } from '../acceptance/storage-room.ts'
import { type Facts, row } from './receiver-facts.ts'

export function dataChecks(now: () => Date): readonly Check<Facts>[] {
  return [
    row(
      'ledger',
      ['configuration'],
      async ({ configuration: { data, ledger, ledgerPassword: password } }) => {
        const looked = await lookAtLedger(data, ledger === undefined ? undefined : { ledger, password })
        if (looked === undefined) return { value: true, found: 'in the data folder' }
        const { found, warning, command } = looked
        return { value: true, found, warnings: warning === undefined ? [] : [{ cause: warning, command }] }
      },
      () => 'pnpm --filter receiver start --help',
    ),
    row(
      'data',
      ['configuration', 'ledger'],
      async ({ configuration: { data } }) => {
        const { isNew, place } = await placeOfFolder(data)
        const found = isNew ? 'is made by the first start' : `${amount(await countEntries(data), 'entry')}`
        await checkWritable(place)
        await checkFolders(data)
        return { value: { isNew, place }, found: `${data}: ${found}` }
      },
      ({ configuration: { data } }) => `ls -ld ${shellWord(data)} ${shellWord(dirname(data))}`,
    ),
    row(
      'data in use',
      ['configuration', 'data', 'port'],
      async ({ configuration: { data }, data: { isNew }, port }) => {
        const isLocked = !isNew && isFolderLocked(data)
        if (isLocked && !port.isOurs)
          throw new Fault(
            'storage-unavailable',
            `another process uses the data folder ${data}, and it does not serve this port; ` +
              'expected none, or the receiver that listens here',
          )
        return { value: true, found: isLocked ? 'by the receiver that listens on the port' : 'by no process' }
      },
      ({ configuration: { data } }) => `fuser -v ${shellWord(join(data, 'lock'))}`,
    ),
    row(
      'log of data',
      ['configuration', 'data', 'log.key'],
      async ({ configuration: { data }, 'log.key': { verifierKey } }) => {
        const bound = (await readLogKeys(data)).at(-1)
        if (bound !== undefined) checkBound(bound.verifierKey, verifierKey)
        return { value: true, found: bound === undefined ? 'no log yet' : 'signed with log.key' }
      },
      ({ configuration: { certs } }) => `cat ${shellWord(join(certs, 'log.pub'))}`,
    ),
    row(
      'disk',
      ['configuration', 'data'],
      async ({ configuration: { diskReserve }, data: { place } }) => {
        const { free, total } = await measureSpace(place)
        const reserve = reserveOf(diskReserve, total)
        const found = `${free} bytes are free, ${reserve} stay so`
        if (free <= reserve)
          throw new Fault(
            'storage-unavailable',
            `no room for documents: expected more than ${reserve} bytes free (--disk-reserve), found ${free}`,
          )
        const warnings =
          free < 2 * reserve ? [{ cause: `the disk is nearly full: ${found}`, command: diskCommand(place) }] : []
        return { value: true, found, warnings }
      },
      ({ data: { place } }) => diskCommand(place),
    ),
    row(
      'clock',
      ['configuration', 'data'],
      async ({ configuration: { data } }) => {
        const time = now()
        // The row of the ledger compared it with that of the database; other nodes have others.
        if (describeLedgerPlace(data) !== undefined) return { value: true, found: time.toISOString() }
        const last = await lastEntryTime(data)
        if (last !== undefined && last > time.toISOString())
          throw new Fault(
            'clock-behind',
            `the last entry of the log is of ${last}; expected a clock past it, found ${time.toISOString()}`,
          )
        return { value: true, found: time.toISOString() }
      },
      () => 'timedatectl',
    ),
  ]
}

function diskCommand(folder: string): string {
  return `df -h ${shellWord(folder)}`
}

async function countEntries(data: string): Promise<number> {
  const reader = openLedgerReader(data)
  try {
    return await reader.log.size()
  } finally {
    await reader.close()
  }
}

async function lastEntryTime(data: string): Promise<string | undefined> {
  const reader = openLedgerReader(data)
  try {
    const size = await reader.log.size()
    return size === 0 ? undefined : (await reader.event(size - 1))?.at
  } finally {
    await reader.close()
  }
}
