// Who is logged in, and what that role may do.
import { askApi } from './api/client.ts'
import type { Me, PermissionName } from './page.ts'
import { signal } from './preact.ts'

/** Undefined until the gateway has answered. */
export const me = signal<Me | undefined>(undefined)

export async function openSession(): Promise<void> {
  me.value = await askApi('GET /api/v1/me', {})
}

export function mayHere(permission: PermissionName): boolean {
  return me.value?.permissions.includes(permission) ?? false
}

/** The listener ends the session; its page says how to come back. */
export async function logOut(): Promise<void> {
  await askApi('POST /api/v1/logout', {})
  location.assign('/')
}
