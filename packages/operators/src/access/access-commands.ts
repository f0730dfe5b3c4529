// `receiver console login` and `receiver console keys`: who may use the operators' listener, from
// the shell.
import { userInfo } from 'node:os'
import { type Command, openOutput, quote, readSettings } from '@seg/core'
import { checkDataFolder } from '@seg/ledger'
import { shellActor } from '../audit/perform-act.ts'
import type { KeptKey } from './access-rows.ts'
import { type AccessStore, LINK_TIME, openAccess } from './access-store.ts'
import type { Role } from './roles.ts'

const DAY = 24 * 60 * 60 * 1000

export async function runConsoleLogin({ role }: { readonly role: Role }, command: Command): Promise<void> {
  await withAccess(command, (access, now) => {
    const { text, endsAt } = access.addLink({ actor: shellActor().id, role }, now)
    const origin = access.url ?? 'https://localhost:8444'
    const url = `${origin}/login/${text}`
    openOutput(command).report(
      { url, role, expiresAt: new Date(endsAt).toISOString() },
      [
        url,
        `logs ${userInfo().username} in as ${role}, once, within ${LINK_TIME / 60_000} minutes`,
        ...(access.url === undefined ? ['the listener was never there: `pnpm --filter receiver start` opens it'] : []),
      ].join('\n'),
    )
  })
}

type KeyOptions = { readonly name: string; readonly role: Role; readonly days: number }

export async function runKeysAdd({ name, role, days }: KeyOptions, command: Command): Promise<void> {
  await withAccess(command, (access, now) => {
    const endsAt = now.getTime() + days * DAY
    const { id, text } = access.addKey({ name, role, madeBy: shellActor().id, endsAt }, now)
    const expiresAt = new Date(endsAt).toISOString()
    openOutput(command).report(
      { id, key: text, name, role, expiresAt },
      [text, `is the API key ${id}, as ${role}, until ${expiresAt}; it is shown this once`].join('\n'),
    )
  })
}

export async function runKeysList(_options: object, command: Command): Promise<void> {
  await withAccess(command, (access, now) => {
    const keys = access.keys()
    const lines = keys.map(key => {
      const state = stateOf(key, now)
      return `${key.id}  ${state.padEnd(9)}  ${key.role.padEnd(16)}  ${timeText(key.endsAt)}  ${quote(key.name)}`
    })
    const facts = keys.map(key => ({ ...describeKey(key), state: stateOf(key, now) }))
    openOutput(command).report({ keys: facts }, lines.length > 0 ? lines.join('\n') : 'no API keys')
  })
}

export async function runKeysRevoke(id: string, _options: object, command: Command): Promise<void> {
  await withAccess(command, (access, now) => {
    access.revokeKey(id, now)
    openOutput(command).report({ id, revoked: true }, `the API key ${quote(id)} counts no more`)
  })
}

type KeyState = 'active' | 'revoked' | 'expired' | 'suspended'

export function stateOf({ endsAt, revokedAt, suspendedWhy }: KeptKey, now: Date): KeyState {
  if (revokedAt !== undefined) return 'revoked'
  if (endsAt <= now.getTime()) return 'expired'
  return suspendedWhy === undefined ? 'active' : 'suspended'
}

export function describeKey({ id, name, role, madeBy, madeAt, endsAt, usedAt, revokedAt, suspendedWhy }: KeptKey) {
  return {
    ...{ id, name, role, madeBy },
    madeAt: timeText(madeAt),
    expiresAt: timeText(endsAt),
    usedAt: usedAt === undefined ? null : timeText(usedAt),
    revokedAt: revokedAt === undefined ? null : timeText(revokedAt),
    suspendedWhy: suspendedWhy ?? null,
  }
}

function timeText(time: number): string {
  return new Date(time).toISOString()
}

/** A wrong name must not make a folder. */
async function withAccess(command: Command, use: (access: AccessStore, now: Date) => void): Promise<void> {
  const { data } = readSettings(command, ['data'])
  checkDataFolder(data, 'receiver')
  const access = await openAccess(data)
  try {
    use(access, new Date())
  } finally {
    access.close()
  }
}
