// Roles and what each may do. A route names one permission; nobody may do everything.
import { Fault, quote } from '@seg/core'

/** What anybody with a role may read. */
const reading = [
  'me',
  'documents.read',
  'connections.read',
  'stats.read',
  'deliveries.read',
  'partners.read',
  'certificates.read',
  'log.read',
  'alerts.read',
  'health.read',
  'approvals.read',
  'metrics.read',
] as const

/** The rest of what can be read, without the bytes of documents. */
const inspecting = ['audit.read', 'settings.read', 'access.read', 'tasks.read'] as const

export const roles = {
  viewer: [...reading],
  auditor: [...reading, ...inspecting, 'documents.bytes'],
  operator: [...reading, 'deliveries.act', 'alerts.act', 'tasks.read', 'tasks.act'],
  'security-officer': [
    ...reading,
    ...['audit.read', 'settings.read', 'tasks.read'],
    ...['partners.act', 'certificates.act', 'approvals.act', 'tasks.act'],
  ],
  administrator: [
    ...reading,
    ...inspecting,
    ...['access.act', 'settings.act', 'approvals.act', 'tasks.act', 'backups.act'],
  ],
} as const satisfies Record<string, readonly string[]>

export type Role = keyof typeof roles
export type Permission = (typeof roles)[Role][number]

export const roleNames = Object.keys(roles) as Role[]

export function isRole(name: string): name is Role {
  return Object.hasOwn(roles, name)
}

/** Of a flag. Throws the Fault `usage`. */
export function parseRole(text: string): Role {
  if (isRole(text)) return text
  throw new Fault('usage', `expected a role, one of ${roleNames.join(', ')}, found ${quote(text)}`)
}

export function mayDo(role: Role, permission: Permission): boolean {
  return (roles[role] as readonly Permission[]).includes(permission)
}
