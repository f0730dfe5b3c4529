// API keys and sessions as access.sqlite keeps them.
import { Fault, quote } from '@seg/core'
import { ACCESS_FILE } from './access-schema.ts'
import { isRole, type Role } from './roles.ts'

const MINUTE = 60_000
export const IDLE_TIME = 30 * MINUTE
export const SESSION_TIME = 8 * 60 * MINUTE

export type LoginMethod = 'api-key' | 'link' | 'certificate' | 'openid'

export type KeptKey = {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly madeBy: string
  /** Who has seen its text beside its maker. */
  readonly approvedBy: string | undefined
  /** Where a key made it: who made and approved that one. */
  readonly behind: readonly string[]
  /** Of all these, who acted with rights that seg.yaml gives them. */
  readonly recorded: readonly string[]
  readonly madeAt: number
  readonly endsAt: number
  readonly usedAt: number | undefined
  readonly revokedAt: number | undefined
  /** Why it does not count for the time being. */
  readonly suspendedWhy: string | undefined
}

export type KeptSession = {
  readonly id: string
  readonly actor: string
  readonly role: Role
  readonly method: LoginMethod
  /** Id of the link or certificate. */
  readonly credential: string
  readonly address: string
  readonly madeAt: number
  readonly seenAt: number
  readonly endsAt: number
}

export type Row = Readonly<Record<string, unknown>>

export function keyOf(row: Row): KeptKey {
  return {
    id: String(row.id),
    name: String(row.name),
    role: roleOf(row),
    madeBy: String(row.made_by),
    approvedBy: row.approved_by === null ? undefined : String(row.approved_by),
    behind: textsOf(row.behind),
    recorded: textsOf(row.recorded),
    madeAt: Number(row.made_at),
    endsAt: Number(row.ends_at),
    usedAt: timeOf(row.used_at),
    revokedAt: timeOf(row.revoked_at),
    suspendedWhy: row.suspended_why === null ? undefined : String(row.suspended_why),
  }
}

function textsOf(value: unknown): string[] {
  return value === null ? [] : (JSON.parse(String(value)) as string[])
}

/** Who made or approved it, or a key before it that led to it. */
export function personsOf({ madeBy, approvedBy, behind }: KeptKey): string[] {
  return [...new Set([madeBy, ...(approvedBy === undefined ? [] : [approvedBy]), ...behind])]
}

export function sessionOf(row: Row): KeptSession {
  return {
    id: String(row.id),
    actor: String(row.actor),
    role: roleOf(row),
    method: row.method as LoginMethod,
    credential: String(row.credential),
    address: String(row.address),
    madeAt: Number(row.made_at),
    seenAt: Number(row.seen_at),
    endsAt: endOfSession(row),
  }
}

/** In SQL, what `endOfSession` finds. */
export const SESSION_END = `min(seen_at + ${IDLE_TIME}, made_at + ${SESSION_TIME})`

/** A session ends unused, or when its time is over. */
export function endOfSession(row: Row): number {
  return Math.min(Number(row.seen_at) + IDLE_TIME, Number(row.made_at) + SESSION_TIME)
}

/** A Fault for a role that a later version wrote: who has it may do nothing. */
export function roleOf(row: Row): Role {
  const name = String(row.role)
  if (!isRole(name)) throw new Fault('configuration', `${ACCESS_FILE} has the role ${quote(name)}, of a later version`)
  return name
}

function timeOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}
