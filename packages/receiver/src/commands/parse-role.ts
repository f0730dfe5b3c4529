// The role that a flag names.
import { Fault, quote } from '@seg/core'
import { isRole, type Role, roleNames } from '@seg/operators'

/** Throws the Fault `usage`. */
export function parseRole(text: string): Role {
  if (isRole(text)) return text
  throw new Fault('usage', `expected a role, one of ${roleNames.join(', ')}, found ${quote(text)}`)
}
