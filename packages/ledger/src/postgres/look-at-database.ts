// What `receiver diagnose` says of the database: whether a receiver could start with it, and what
// would not outlive one server. Nothing is changed there.
import { asFault, Fault, shellWord } from '@seg/core'
import { connectToPrimary } from './connect.ts'
import { BARRIER } from './connections.ts'
import { onPostgres } from './postgres-fault.ts'
import { describePlace, ONE_SERVER, type PostgresPlace } from './postgres-place.ts'
import { checkDatabaseServer } from './server-settings.ts'
import { CLOCK_COLUMN, checkClock } from './writer/node-clock.ts'

/** Milliseconds for an answer, that of the standbys too. */
const PATIENCE = 3000

/** `command` shows more of it. */
export type LookedAt = { readonly found: string; readonly warning: string | undefined; readonly command: string }

/** Throws the Faults of a start, with the command that shows more. */
export async function lookAtDatabase(place: PostgresPlace): Promise<LookedAt> {
  const { hosts, database, standbys } = place
  const names = hosts.map(({ name }) => name).join(',')
  const ports = hosts.map(({ port }) => port).join(',')
  const command = `pg_isready -d ${shellWord(`host=${names} port=${ports} dbname=${database}`)}`
  try {
    await onPostgres('look at the database', () => check(place))
  } catch (error) {
    const { code, detail } = asFault(error)
    throw new Fault(code, detail, { cause: error, command })
  }
  const found = `${describePlace(place)}, standbys=${standbys}`
  return { found, command, warning: standbys === 0 ? ONE_SERVER : undefined }
}

async function check(place: PostgresPlace): Promise<void> {
  const connection = await connectToPrimary(place, { purpose: 'diagnose', patience: PATIENCE })
  try {
    await checkDatabaseServer(connection, place.standbys)
    const [row] = await connection.rows(`SELECT ${CLOCK_COLUMN}`)
    checkClock(Date.now(), Number(row?.clock))
    await onPostgres(`commit with standbys=${place.standbys}`, () => connection.rows(BARRIER))
  } finally {
    await connection.close()
  }
}
