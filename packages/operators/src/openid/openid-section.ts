// The key `openid-connect` of seg.yaml (docs/api.md): the provider where people log in, and which
// value of a claim gives which role.
import {
  type ConfigurationFile,
  type ConfigurationSection,
  mapOf,
  optional,
  type Problems,
  record,
  required,
  text,
} from '@seg/core'
import { oneOf } from '@seg/pki'
import { type Role, roleNames } from '../access/roles.ts'

const https = text('an https address', value => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url?.protocol === 'https:' && url.username === '' && url.search === '' && url.hash === '' ? url : undefined
})
const word = text('a word without spaces', value => (/^[\x21-\x7e]{1,200}$/.test(value) ? value : undefined))
const file = text('a file', value => value)

const form = record({
  issuer: required(https),
  'client-id': required(word),
  'client-secret': required(file),
  /** Of the provider; without it, the public CAs. */
  ca: optional(file),
  /** Where browsers reach the console. */
  console: optional(https),
  /** The claim that names a person, and the one that gives the role. */
  person: optional(word),
  claim: required(word),
  roles: required(mapOf(oneOf<Role>(...roleNames))),
})

export const openIdSection = {
  schema: { 'openid-connect': form.schema! },
  read(configuration: ConfigurationFile, problems: Problems) {
    const node = configuration.entry('openid-connect')
    return node && form(node, 'openid-connect', problems)
  },
} satisfies ConfigurationSection

export type OpenIdRecord = NonNullable<ReturnType<typeof openIdSection.read>>
