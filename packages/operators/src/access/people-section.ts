// The key `people` of seg.yaml (docs/api.md): who logs in with a certificate, and with which role.
import {
  type ConfigurationFile,
  type ConfigurationSection,
  listOf,
  optional,
  type Problems,
  quote,
  record,
  required,
} from '@seg/core'
import { type ComparedNames, certificateDigest, label, oneOf, subjectRule } from '@seg/pki'
import { type Role, roleNames } from './roles.ts'

export type Person = {
  readonly id: string
  readonly name: string | undefined
  readonly role: Role
  readonly isActive: boolean
  /** Any of them. */
  readonly certificates: readonly ComparedNames[]
}

const form = listOf(
  record({
    id: required(label),
    name: optional(label),
    role: required(oneOf<Role>(...roleNames)),
    state: optional(oneOf<'active' | 'disabled'>('active', 'disabled')),
    certificates: required(listOf(record({ sha256: optional(certificateDigest), subject: optional(subjectRule) }))),
  }),
)

export const peopleSection = {
  schema: { people: form.schema! },
  read(file: ConfigurationFile, problems: Problems): readonly Person[] {
    const node = file.entry('people')
    const found = (node && form(node, 'people', problems)) ?? []
    const ids = new Set<string>()
    return found.map(({ id, name, role, state = 'active', certificates, line }) => {
      if (ids.has(id)) problems.report(line, `"people": ${quote(id)} stands there twice`)
      ids.add(id)
      return {
        id,
        name,
        role,
        isActive: state === 'active',
        certificates: certificates.map(rule => toNames(rule, problems)),
      }
    })
  },
} satisfies ConfigurationSection

type Rule = {
  readonly sha256: string | undefined
  readonly subject: ReadonlyMap<string, string> | undefined
  readonly line: number
}

function toNames({ sha256, subject = new Map(), line }: Rule, problems: Problems): ComparedNames {
  if (sha256 === undefined && subject.size === 0)
    problems.report(line, '"people": a certificate needs sha256, or subject')
  return { sha256, subject, authority: undefined, spki: undefined, uri: undefined }
}
