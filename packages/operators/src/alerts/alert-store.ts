// Alerts, channels, acknowledgements and mutes, as they are kept: the gateway and commands read and
// write them together.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { onDatabase, openDatabase, openDatabaseReader } from '@seg/ledger'
import type { Labels } from '../metrics/catalogue.ts'
import { ALERTS_FILE, alertMigrations } from './alert-schema.ts'

/** Times in milliseconds since 1970. */
export type Alert = {
  /** Short, of rule and labels: the same each time. */
  readonly id: string
  readonly rule: string
  readonly labels: Labels
  readonly state: 'pending' | 'firing' | 'resolved'
  /** Of the condition; of one that is resolved, when it ended. */
  readonly since: number
  readonly value: number
  /** When each channel was notified last that it fires. */
  readonly notified: Readonly<Record<string, number>>
}

export type ChannelState = {
  readonly name: string
  /** When it took something last, and since when it has failed; 0: never. */
  readonly sentAt: number
  readonly failedSince: number
  readonly failure: string
}

export type Acknowledgement = { readonly id: string; readonly since: number; readonly by: string; readonly at: number }
export type Mute = { readonly rule: string; readonly until: number; readonly by: string; readonly why: string }

/** `at`: when it was said, or ended. */
export type KeptMute = Mute & { readonly at: number }

/** Throws the Fault `storage-unavailable`. */
export async function openAlertStore(folder: string): Promise<AlertStore> {
  return new AlertStore(await openDatabase(join(folder, ALERTS_FILE), alertMigrations))
}

/** Only to read; undefined while there is none. */
export function openAlertReader(folder: string): AlertStore | undefined {
  const path = join(folder, ALERTS_FILE)
  return existsSync(path) ? new AlertStore(openDatabaseReader(path, alertMigrations)) : undefined
}

export class AlertStore {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  alerts(): Alert[] {
    return this.#all('SELECT alert FROM alerts ORDER BY id').map(row => JSON.parse(String(row.alert)) as Alert)
  }

  channels(): ChannelState[] {
    return this.#all('SELECT state FROM channels ORDER BY name').map(row => JSON.parse(String(row.state)))
  }

  acknowledgements(): Acknowledgement[] {
    return this.#all('SELECT id, since, by, at FROM acknowledgements') as Acknowledgement[]
  }

  /** Those whose end is not over. */
  mutes(now: number): Mute[] {
    return this.#all('SELECT rule, until, by, why FROM mutes WHERE until > ?', now) as Mute[]
  }

  /** Also those whose end is over. */
  keptMutes(): KeptMute[] {
    return this.#all('SELECT rule, until, by, why, at FROM mutes') as KeptMute[]
  }

  /** All of them, instead of what was there. Crash before: the state of 15 seconds ago. */
  save(alerts: readonly Alert[], channels: readonly ChannelState[]): void {
    onDatabase('keep the alerts', () => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        this.#database.exec('DELETE FROM alerts; DELETE FROM channels')
        const alert = this.#database.prepare('INSERT INTO alerts (id, alert) VALUES (?, ?)')
        for (const one of alerts) alert.run(one.id, JSON.stringify(one))
        const channel = this.#database.prepare('INSERT INTO channels (name, state) VALUES (?, ?)')
        for (const one of channels) channel.run(one.name, JSON.stringify(one))
        this.#database.exec('COMMIT')
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }

  acknowledge({ id, since, by, at }: Acknowledgement): void {
    this.#run('INSERT OR REPLACE INTO acknowledgements (id, since, by, at) VALUES (?, ?, ?, ?)', id, since, by, at)
  }

  mute({ rule, until, by, why, at }: KeptMute): void {
    const sql = 'INSERT OR REPLACE INTO mutes (rule, until, by, why, at) VALUES (?, ?, ?, ?, ?)'
    this.#run(sql, rule, until, by, why, at)
  }

  /** Ends it, and keeps that for other nodes. */
  unmute(rule: string, now: number): void {
    this.#run('UPDATE mutes SET until = 0, at = ? WHERE rule = ?', now, rule)
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #all(sql: string, ...values: readonly number[]) {
    return onDatabase('read the alerts', () => this.#database.prepare(sql).all(...values))
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    onDatabase('keep what was said of alerts', () => this.#database.prepare(sql).run(...values))
  }
}
