// Persons who log in with a certificate, and the CA that issues it, read again when a file changes.
import { join } from 'node:path'
import {
  asFault,
  type ConfigurationFile,
  changeConfigurationFile,
  changeRecord,
  configurationPath,
  digestFiles,
  Fault,
  findRecord,
  noRecordOf,
  Problems,
  parseConfiguration,
  quote,
  readSection,
} from '@seg/core'
import { checkOperator, loadPeerTrust, meetsRule, type PeerTrust, type PresentedChain } from '@seg/pki'
import { type Person, peopleSection } from './people-section.ts'
import type { Role } from './roles.ts'

type Known = { readonly people: readonly Person[]; readonly trust: PeerTrust }

/** What a person may do: nothing while disabled. */
export type PersonRights = { readonly role: Role; readonly state: 'active' | 'disabled' }

export type People = {
  /** Those of the configuration. Throws the Faults of the files when none could be read yet. */
  list(): Promise<readonly Person[]>
  /**
   * Throws the Fault `login-refused` with the reason: a certificate that does not count, or that is
   * nobody's.
   */
  recognize(chain: PresentedChain, now: Date): Promise<Person>
  /**
   * Changes the rights of one in seg.yaml, unless `isDryRun`; `check` sees those before while
   * nobody else changes the file. Throws what `check` does, and the Faults `not-found`,
   * `configuration` and `file-unreadable`, with nothing changed.
   */
  change(
    id: string,
    to: Partial<PersonRights>,
    options: { readonly isDryRun: boolean; readonly check: (before: PersonRights) => void },
  ): Promise<{ readonly before: PersonRights; readonly after: PersonRights }>
}

/** A provider may write a name in another case, and Unicode writes one in several ways. */
export function isSamePerson(one: string, other: string): boolean {
  const fold = (name: string) => name.normalize('NFKC').toLowerCase()
  return fold(one) === fold(other)
}

/** Of a person of the configuration. */
export function rightsOf({ role, isActive }: Pick<Person, 'role' | 'isActive'>): PersonRights {
  return { role, state: isActive ? 'active' : 'disabled' }
}

type Place = { readonly certs: string; readonly config: string | undefined }

/** Files that are broken leave those before in force, and are reported once. */
export function openPeople({ certs, config }: Place, complain: (line: string) => void): People {
  const files = [configurationPath(config), join(certs, 'ca.crt'), join(certs, 'ca.crl')]
  let known: Known | undefined
  let [inUse, refused] = ['', '']
  const current = async (): Promise<Known> => {
    const found = await digestFiles(files)
    if (known !== undefined && (found === inUse || found === refused)) return known
    try {
      const { value: people } = readSection(config, peopleSection)
      known = { people, trust: await loadPeerTrust(certs, known?.trust) }
      inUse = found
    } catch (error) {
      if (known === undefined) throw error
      // Changed while it was read: the next look has it.
      if (found !== (await digestFiles(files))) return known
      const { code, detail } = asFault(error)
      complain(`people and their CA stay as they were: ${code}: ${detail}`)
      refused = found
    }
    return known
  }
  return {
    list: async () => (await current()).people,
    recognize: async (chain, now) => recognizePerson(chain, await current(), now),
    change: async (id, to, { isDryRun, check }) => {
      let found: { before: PersonRights; after: PersonRights } | undefined
      await changeConfigurationFile(config, file => {
        const before = rightsIn(file, id)
        check(before)
        const record = { ...findRecord(file, 'people', id), ...to }
        const text = changeRecord(file.text, { list: ['people'], id, record })
        found = { before, after: rightsIn(parseConfiguration(file.path, text), id) }
        return isDryRun ? file.text : text
      })
      if (found === undefined) throw new TypeError('the file was changed without its editor')
      return found
    },
  }
}

/** Throws the Faults `configuration` and `not-found`. */
function rightsIn(file: ConfigurationFile, id: string): PersonRights {
  const problems = new Problems()
  const people = peopleSection.read(file, problems)
  problems.throwIfAny(file.path, file.text)
  const person = people.find(one => one.id === id)
  if (person !== undefined) return rightsOf(person)
  throw noRecordOf(
    id,
    people.map(one => one.id),
  )
}

function recognizePerson(chain: PresentedChain, { people, trust }: Known, now: Date): Person {
  try {
    checkOperator(chain, trust, now)
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault('login-refused', `${cause.code}: ${cause.detail}`, { cause })
  }
  const { leaf } = chain
  const found = people.filter(({ certificates }) => certificates.some(rule => meetsRule(leaf, [], rule)))
  const name = `the certificate ${quote(leaf.subject)} (SHA-256 ${leaf.fingerprint256})`
  const [person, second] = found
  if (second !== undefined)
    throw new Fault('login-refused', `${name} is that of two people, ${found.map(({ id }) => quote(id)).join(', ')}`)
  if (person === undefined) throw new Fault('login-refused', `${name} is that of nobody in "people" of seg.yaml`)
  if (!person.isActive) throw new Fault('login-refused', `${quote(person.id)} is disabled in seg.yaml`)
  return person
}
