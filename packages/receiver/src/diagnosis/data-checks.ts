// The data folder: ours, writable, in nobody else's use, with room, and no entry of the future.
import { access, constants, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Check, Fault, nameKind, shellWord } from '@seg/core'
import { checkBound, isFolderLocked, openLedgerReader, readLogKeys } from '@seg/ledger'
import { measureSpace, reserveOf } from '../acceptance/storage-room.ts'
import { type Facts, row } from './receiver-facts.ts'

export function dataChecks(now: () => Date): readonly Check<Facts>[] {
  return [
    row(
      'data',
      ['configuration'],
      async ({ configuration: { data } }) => {
        const isNew = (await stat(data).catch(() => undefined)) === undefined
        const found = isNew ? 'is made by the first start' : `${await countEntries(data)} entries`
        await checkWritable(isNew ? await nearestFolder(data) : data)
        return { value: { isNew }, found: `${data}: ${found}` }
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
            `another process uses the data folder ${data}, and it does not serve this port; expected none, or the receiver that listens here`,
          )
        return { value: true, found: isLocked ? 'by the receiver that listens on the port' : 'by no process' }
      },
      ({ configuration: { data } }) => `fuser -v ${shellWord(join(data, 'lock'))}`,
    ),
    row(
      'log of data',
      ['configuration', 'data', 'log.key'],
      async ({ configuration: { data }, 'log.key': { verifierKey } }) => {
        const bound = readLogKeys(data).at(-1)
        if (bound !== undefined) checkBound(bound.verifierKey, verifierKey)
        return { value: true, found: bound === undefined ? 'no log yet' : 'signed with log.key' }
      },
      ({ configuration: { certs } }) => `cat ${shellWord(join(certs, 'log.pub'))}`,
    ),
    row(
      'disk',
      ['configuration', 'data'],
      async ({ configuration: { data, diskReserve }, data: { isNew } }) => {
        const { free, total } = await measureSpace(isNew ? await nearestFolder(data) : data)
        const reserve = reserveOf(diskReserve, total)
        const found = `${free} bytes are free, ${reserve} stay so`
        if (free <= reserve)
          throw new Fault(
            'storage-unavailable',
            `no room for documents: expected more than ${reserve} bytes free (--disk-reserve), found ${free}`,
          )
        const warnings =
          free < 2 * reserve ? [{ cause: `the disk is nearly full: ${found}`, command: diskCommand(data) }] : []
        return { value: true, found, warnings }
      },
      ({ configuration: { data } }) => diskCommand(data),
    ),
    row(
      'clock',
      ['configuration', 'data'],
      async ({ configuration: { data } }) => {
        const last = await lastEntryTime(data)
        const time = now()
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

function diskCommand(data: string): string {
  return `df -h ${shellWord(dirname(data))}`
}

/** Throws the Fault `configuration` when something else is where a folder must be made. */
async function nearestFolder(path: string): Promise<string> {
  for (let place = dirname(path); ; place = dirname(place)) {
    const stats = await stat(place).catch(() => undefined)
    if (stats?.isDirectory()) return place
    if (stats !== undefined)
      throw new Fault(
        'configuration',
        `expected a folder at ${place}, found ${nameKind(stats)}; name another with --data`,
      )
  }
}

async function checkWritable(folder: string): Promise<void> {
  await access(folder, constants.W_OK | constants.X_OK).catch(cause => {
    throw new Fault(
      'storage-unavailable',
      `expected a folder that this user may write in at ${folder}: ${cause.message}`,
      { cause },
    )
  })
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
