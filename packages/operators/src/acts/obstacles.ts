// What can stand against an act: a code with its values, which a program can say in any language,
// and the same as an English sentence.
import { quote } from '@seg/core'

/** By code: the end of a sentence, of the values that it names. */
export const obstacleSentences = {
  'role-denied': ({ role }: { readonly role: string }) => `the role ${role} may not`,
  'role-lacks': ({ permission, role }: { readonly permission: string; readonly role: string }) =>
    `expected a role with ${permission}, found ${role}`,
  'author-role-lacks': ({ permission, role }: { readonly permission: string; readonly role: string }) =>
    `expected an author whose role has ${permission}, found ${role}`,
  'author-key-ended': ({ person, state }: { readonly person: string; readonly state: string }) =>
    `the API key of ${quote(person)} is ${state} by now`,
  'own-act': ({ person }: { readonly person: string }) =>
    `expected another person than ${quote(person)}, who asked for it`,
  'not-a-person': () => 'expected a person who has logged in, found an API key',
  'in-state': ({ state }: { readonly state: string }) => `it is ${state}`,
  'on-its-way': () => 'it is on its way at this moment',
  'letter-retrying': () => 'it is to be tried again already',
  'letter-taken': () => 'it was taken when it was tried again',
  'letter-discarded': () => 'it was discarded',
  'no-target': ({ target }: { readonly target: string }) => `this gateway hands nothing on to ${target}`,
  'no-backup-folder': () => 'expected a folder for backups, found none: --backups of receiver start names it',
  'no-certificate': ({ use }: { readonly use: string }) => `there is no ${use}.crt`,
  'no-request': () => 'no request waits',
  'request-waits': () => 'a request waits already; withdraw it first',
  'no-ca-key': () => 'the key of the CA is not on this machine',
} as const

export type ObstacleCode = keyof typeof obstacleSentences
type Sentence<Code extends ObstacleCode> = (typeof obstacleSentences)[Code]

export type ActObstacle = {
  readonly code: ObstacleCode
  readonly values: Readonly<Record<string, string>>
  /** In English. */
  readonly why: string
}

export function obstacle<Code extends ObstacleCode>(code: Code, ...[values]: Parameters<Sentence<Code>>): ActObstacle {
  const sentence = obstacleSentences[code] as (values: unknown) => string
  return { code, values: values ?? {}, why: sentence(values) }
}
