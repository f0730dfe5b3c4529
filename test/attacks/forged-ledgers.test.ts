// Ledgers that an insider with all keys of the receiver has written, with one lie each: the rules
// of docs/log.md are held by `log verify` and the independent verifier, as far as each can see.
import { createPrivateKey, generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { generate, loadIdentity, loadTrust, loadVerifierKeys, makeOwnPolicy } from '@seg/pki'
import t from 'tap'
import {
  type LogEvent,
  openEvidence,
  openLedgerReader,
  readLogKeys,
  verifyLedger,
} from '../../packages/ledger/src/index.ts'
import { readLogFile } from '../../packages/receiver/src/http/log-files.ts'
import { openOriginCheck } from '../../packages/receiver/src/stored/verify-origin.ts'
import { openReceiptCheck } from '../../packages/receiver/src/stored/verify-sealed-receipt.ts'
import { openEntry, readEntry } from '../independent/entry.ts'
import { Rejected } from '../independent/rejected.ts'
import { verifyLog } from '../independent/verify-log.ts'
import { openClient, type Partner, receiverId, senderId, signLetter } from '../support/client.ts'
import { runCommand, startReceiver } from '../support/commands.ts'
import {
  commitTo,
  factsOf,
  type InsiderKey,
  makeEntry,
  makeRawEntry,
  readLedger,
  type StoredEntry,
  shownOf,
  writeLedger,
} from '../support/insider.ts'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const folder = await mkdtemp(join(tmpdir(), 'seg-forged-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, base] = [join(folder, 'certs'), join(folder, 'base')]
// Certificates that were valid long before, so that nothing but the order shows what is dated back.
await generate({ out: certs, key: 'ec-p256', senderId, receiverId, now: new Date(Date.now() - 100 * DAY) })
const partner: Partner = await loadPartner()
await runReceiver('1')
const firstKey = await readFile(join(certs, 'log.key'), 'utf8')
const rotation = JSON.parse(
  (await runCommand('receiver', ['log', 'rotate-key', '--certs', certs, '--data', base, '--json'])).stdout.toString(),
)
await runReceiver('2')

/** start, accepted, accepted, conflict, refused, stop; the rotation; and once more. */
const good = readLedger(base)
const [START, FIRST, SECOND, CONFLICT, ROTATED] = [0, 1, 2, 3, 6]
const last = good.at(-1)!
const now = Date.parse(shownOf(last).at)
const ranges = await readLogKeys(base)
const keys: readonly InsiderKey[] = await Promise.all(
  ranges.map(async (range, i) => {
    const pem = i === 0 ? firstKey : await readFile(join(certs, 'log.key'), 'utf8')
    return { ...range, privateKey: createPrivateKey(pem) }
  }),
)
const [older, newer] = keys as [InsiderKey, InsiderKey]
const logPub = (await loadVerifierKeys(certs)).join('\n')
const trust = await loadTrust(certs)
const chain = good[FIRST]!.document!.chain!
const letter = await signLetter('late', 'a late letter', partner)

async function loadPartner(): Promise<Partner> {
  return { identity: await loadIdentity(certs, 'sender'), trust: await loadTrust(certs) }
}

async function runReceiver(life: string): Promise<void> {
  const receiver = await startReceiver(t, ['--certs', certs, '--data', base])
  const client = openClient(receiver.url, partner)
  const letters = await Promise.all(['a', 'b'].map(name => signLetter(`${name}${life}`, 'a letter', partner)))
  for (const one of letters) await client.post(one)
  await client.post(await signLetter(`a${life}`, 'other', partner))
  await client.post(Buffer.from(letters[0]!.toString().replace('a letter', 'b letter')))
  client.close()
  await receiver.stop()
}

/** What stands where the rotation stood is another entry. */
const NO_ROTATION = /type admin|not those of the leaf/

const ago = (milliseconds: number) => new Date(now - milliseconds).toISOString()

/** An acceptance of `letter` at the end of the log. */
function accept(change: Partial<Extract<LogEvent, { type: 'accepted' }>> = {}, octets = letter, from = chain) {
  const event: LogEvent = {
    ...{ type: 'accepted', at: ago(0), sender: senderId, document: 'late', bytes: octets.length },
    sha256: hash('sha256', octets, 'base64'),
    reference: /<DigestValue>(.*?)</.exec(letter.toString())![1]!,
    certificate: hash('sha256', partner.identity.certificate.raw, 'base64'),
    ...change,
  }
  return makeEntry(event, { octets, chain: from })
}

const append = (...entries: readonly StoredEntry[]) => [...good, ...entries]
const put = (index: number, entry: StoredEntry) => good.with(index, entry)
const eventOf = (index: number) => ({ ...shownOf(good[index]!), ...factsOf(good[index]!) }) as LogEvent
const change = (index: number, by: object) =>
  put(index, makeEntry({ ...eventOf(index), ...by } as LogEvent, good[index]!.document))
const raw = (type: string, facts: object, at = ago(0)) => append(makeRawEntry({ type, at }, facts))
/** Facts in these very octets. */
const octets = (facts: string | Buffer, nonce = randomBytes(32)) =>
  append({
    ...commitTo({ type: 'start', at: ago(0) }, { facts: Buffer.from(facts), nonce }),
    document: undefined,
  })
const conflict = (by: object) =>
  append(makeEntry({ ...eventOf(CONFLICT), at: ago(0), accepted: FIRST, document: 'a1', ...by } as LogEvent))
const rotate = (verifierKey: string) =>
  makeEntry({ type: 'admin', at: ago(0), action: 'rotate-log-key', subject: verifierKey, by: 'operator' })

function versionOne(index: number, at = shownOf(good[index]!).at): StoredEntry {
  const { certificate: _certificate, record: _record, ...facts } = factsOf(good[index]!)
  const leaf = Buffer.from(JSON.stringify({ v: 1, type: shownOf(good[index]!).type, at, ...facts }))
  return { leaf, opening: undefined, document: good[index]!.document }
}

function makeKey(from: number): InsiderKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const octets = Buffer.concat([Buffer.of(1), publicKey.export({ format: 'der', type: 'spki' }).subarray(12)])
  const [name] = older.verifierKey.split('+')
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), octets]), 'hex').slice(0, 8)
  return { from, verifierKey: `${name}+${id}+${octets.toString('base64')}`, privateKey }
}

type Keys = { readonly signing?: readonly InsiderKey[]; readonly stored?: readonly InsiderKey[]; readonly pub?: string }
type Forgery = readonly [entries: readonly StoredEntry[], ours: RegExp | true, theirs: RegExp | true, keys?: Keys]
const stranger = makeKey(ROTATED + 1)
const third = makeKey(good.length + 1)
const back = { ...older, from: good.length + 1 }

/** What `log verify` answers, and who has the files of the log and what opens its rotations. */
const forgeries: Record<string, Forgery> = {
  'nothing changed': [good, true, true],
  'a document more that its sender did sign': [append(accept()), true, true],
  'an acceptance that waited for most of an hour': [append(accept({ at: ago(50 * MINUTE) })), true, true],
  'an acceptance dated back': [append(accept({ at: ago(2 * HOUR) })), /more than an hour before/, /after later ones/],
  'a refusal dated back': [
    append(makeEntry({ type: 'refused', at: ago(DAY), sender: senderId, code: 'signature-digest', sha256: null })),
    /more than an hour before/,
    /after later ones/,
  ],
  'an administrative act dated back': [
    append(makeEntry({ type: 'admin', at: ago(DAY), action: 'x', subject: 'y', by: 'z' })),
    /more than an hour before/,
    /after later ones/,
  ],
  'an acceptance that goes back by an hour for each of many entries': [
    append(makeEntry({ type: 'stop', at: ago(50 * MINUTE) }), accept({ at: ago(100 * MINUTE) })),
    /more than an hour before/,
    /after later ones/,
  ],
  'an erased entry dated back': [
    append({
      ...makeEntry({ type: 'refused', at: ago(DAY), sender: senderId, code: 'signature-digest', sha256: null }),
      opening: undefined,
      erasedAt: ago(0),
    }),
    /more than an hour before/,
    /after later ones/,
  ],
  'a log that lies ahead': [append(accept({ at: ago(-2 * HOUR) })), /the clock here says/, /ahead of the clock/],
  'a time with a year of six digits': [raw('stop', {}, '+275760-09-13T00:00:00.000Z'), /expected an entry/, /^at of/],
  'a time without milliseconds': [raw('stop', {}, '2026-11-28T08:00:00Z'), /expected an entry/, /^at of/],
  'a count that began after its entry': [
    append(makeEntry({ type: 'omitted', at: ago(0), sender: senderId, count: 1, since: ago(-DAY) })),
    /counts from/,
    true,
  ],
  'a count of none': [raw('omitted', { sender: senderId, count: 0, since: ago(0) }), /expected an entry/, true],
  'a count that is no whole number': [
    raw('omitted', { sender: senderId, count: 1.5, since: ago(0) }),
    /expected an entry/,
    true,
  ],
  'a count beyond what is exact': [
    raw('omitted', { sender: senderId, count: 2 ** 60, since: ago(0) }),
    /expected an entry/,
    true,
  ],

  'entries exchanged': [put(SECOND, good[CONFLICT]!).with(CONFLICT, good[SECOND]!), true, true],
  'a conflict before what it conflicts with': [
    put(FIRST, good[CONFLICT]!).with(CONFLICT, good[FIRST]!),
    /is a conflict with entry 1/,
    true,
  ],
  'an entry twice': [append(good[ROTATED - 2]!), /have one nonce/, /one commitment/],
  'a nonce twice': [
    append({
      ...commitTo(shownOf(last) as never, { facts: Buffer.from('{}'), nonce: good[FIRST]!.opening!.nonce }),
      document: undefined,
    }),
    /have one nonce/,
    true,
  ],
  'an acceptance left out': [good.toSpliced(SECOND, 1), /./, NO_ROTATION, shifted(-1)],
  'the end left out': [good.slice(0, -3), true, true],

  'other facts': [
    put(CONFLICT, { ...good[CONFLICT]!, opening: { ...good[CONFLICT]!.opening!, facts: Buffer.from('{}') } }),
    /are not those of the entry/,
    true,
  ],
  'another nonce': [
    put(FIRST, { ...good[FIRST]!, opening: { ...good[FIRST]!.opening!, nonce: randomBytes(32) } }),
    /are not those of the entry/,
    true,
  ],
  'a nonce of 31 octets': [octets('{"version":"1"}', randomBytes(31)), /expected a nonce of 32/, true],
  'a fact more': [raw('start', { version: '1', more: '2' }), /expected an entry/, true],
  'facts in another order': [raw('admin', { subject: 'x', action: 'y', by: 'z' }), /expected an entry/, true],
  'a fact twice': [octets('{"version":"1","version":"2"}'), /expected an entry/, true],
  'a fact written with an escape': [octets('{"version":"\\u0041"}'), /expected an entry/, true],
  'facts that are not UTF-8': [octets(Buffer.from('{"version":"\xff"}', 'latin1')), /expected an entry/, true],
  'white space behind facts': [octets('{"version":"1"} '), /expected an entry/, true],
  'an unknown code': [raw('refused', { sender: 'x', code: 'made-up', sha256: null }), /expected an entry/, true],
  'an unknown kind': [raw('erased', {}), /expected an entry/, /no type erased/],
  'a kind that objects have': [raw('toString', {}), /expected an entry/, /no type toString/],
  'a kind that is no own one': [raw('__proto__', {}), /expected an entry/, /no type __proto__/],
  'white space behind a leaf': [
    put(START, { ...good[START]!, leaf: Buffer.from(`${good[START]!.leaf} `) }),
    /./,
    /form/,
  ],
  'version 1 after version 2': [append(versionOne(START, ago(0))), /after entries of version 2/, /after the first/],

  'a conflict with the same bytes': [
    conflict({ sha256: String(factsOf(good[FIRST]!).sha256) }),
    /with the same bytes/,
    true,
  ],
  'a conflict with no acceptance': [conflict({ accepted: START }), /is a conflict with entry 0/, true],
  'a conflict with another document': [conflict({ document: 'b1' }), /is a conflict with entry 1/, true],
  'a conflict with itself': [conflict({ accepted: good.length }), /is a conflict with entry/, true],
  'a conflict with nothing that is there': [conflict({ accepted: 2 ** 40 }), /is a conflict with entry/, true],

  'a document without a signature': [
    append(accept({}, Buffer.from(letter.toString().replace(/<Signature.*<\/Signature>/s, '')))),
    /signature-missing/,
    true,
  ],
  'a length that is not the document': [append(accept({ bytes: 2 ** 50 })), /differ: bytes/, true],
  'another certificate in the facts': [
    append(accept({ certificate: Buffer.alloc(32).toString('base64') })),
    /differ: certificate/,
    true,
  ],
  'no certificate in the facts': [
    raw('accepted', { ...factsOf(accept()), certificate: null }),
    /expected an entry/,
    true,
  ],
  'a certificate more': [append(accept({}, letter, [...chain, chain[1]!])), /certificate-invalid/, true],
  'the CA first': [append(accept({}, letter, chain.toReversed())), /differ: certificate/, true],
  'a certificate as its own CA': [append(accept({}, letter, [chain[0]!, chain[0]!])), /certificate-invalid/, true],
  'a receipt for another sender': [append({ ...accept(), lie: { senderId: 'x' } }), /SenderID is "x"/, true],
  'a receipt of another receiver': [append({ ...accept(), lie: { receiverId: 'MINISTRY 9' } }), /ReceiverID is/, true],
  'a receipt of another time': [append({ ...accept(), lie: { acceptedAt: ago(1000) } }), /AcceptedAt is/, true],

  'a rotation left out': [good.toSpliced(ROTATED, 1), /names no other key/, NO_ROTATION],
  'a rotation and its key left out': [
    good.toSpliced(ROTATED, 1),
    /no signature with the key/,
    NO_ROTATION,
    { stored: [older] },
  ],
  'a rotation erased': [
    put(ROTATED, { ...good[ROTATED]!, opening: undefined, erasedAt: ago(0) }),
    /a rotation is never erased|names no other key/,
    true,
  ],
  'a rotation of another name': [change(ROTATED, { action: 'x' }), /names no other key/, /facts are not those/],
  'a rotation twice': [append(good[ROTATED]!), /names "MINISTRY/, /one commitment/],
  'a second rotation to the same key': [
    append(rotate(newer.verifierKey)),
    /a second time|names "MINISTRY/,
    true,
    { stored: [older, newer, { ...newer, from: good.length + 1 }] },
  ],
  'a rotation back to the first key': [
    append(rotate(older.verifierKey), makeEntry({ type: 'start', at: ago(0), version: '1' })),
    /a second time/,
    /one key of log.pub that no rotation|second time|no signature/,
    { signing: [older, newer, back] },
  ],
  'a rotation that no key follows': [append(rotate(third.verifierKey)), /no other key is used after it/, true],
  'a key that no rotation names': [
    append(accept()),
    /names no other key/,
    /no signature|one key of log.pub/,
    { signing: [older, newer, { ...third, from: good.length }], pub: `${logPub}\n${third.verifierKey}` },
  ],
  'the next key before its rotation': [good, /names no other key/, true, { signing: [older, { ...newer, from: 6 }] }],
  'the first key after its rotation': [good, /no signature/, /no signature/, { signing: [older], stored: keys }],
  'the next key for all': [good, /no signature/, true, { signing: [{ ...newer, from: 0 }], stored: keys }],
  'no key said to be in use': [good, /no signature/, true, { stored: [] }],
  'a rotation to a key that log.pub does not have': [
    change(ROTATED, { subject: stranger.verifierKey }),
    /no line in log\.pub/,
    /no key of log.pub/,
    { signing: [older, stranger] },
  ],
}

function shifted(by: number): Keys {
  return { signing: [older, { ...newer, from: newer.from + by }] }
}

let count = 0
for (const [what, [entries, ours, theirs, { signing = keys, stored = signing, pub = logPub } = {}]] of Object.entries(
  forgeries,
)) {
  t.test(what, async t => {
    const data = await copyBase(`forged-${count++}`)
    await writeLedger(data, certs, entries, signing, stored)
    const found = { ours: await verifyOurs(data, pub), theirs: await verifyTheirs(data, pub) }
    for (const [who, expected] of Object.entries({ ours, theirs })) {
      const verdict = found[who as keyof typeof found]
      if (expected === true) t.equal(verdict, 'whole', who)
      else t.match(verdict, expected, who)
    }
  })
}

async function copyBase(name: string): Promise<string> {
  const data = join(folder, name)
  await mkdir(data)
  for (const file of ['ledger.sqlite', 'seg-folder.json']) await copyFile(join(base, file), join(data, file))
  return data
}

async function verifyOurs(data: string, pub: string): Promise<string> {
  const checks = { checkReceipt: openReceiptCheck(trust), checkOrigin: openOriginCheck(makeOwnPolicy(trust)) }
  const verifying = verifyLedger(openEvidence(data), pub, checks)
  try {
    for (let step = await verifying.next(); !step.done; step = await verifying.next());
    return 'whole'
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'log-invalid') return fault.detail
    throw fault
  }
}

async function verifyTheirs(data: string, pub: string): Promise<string> {
  const reader = openLedgerReader(data)
  const opening = { facts: Buffer.from(rotation.facts, 'base64'), nonce: Buffer.from(rotation.nonce, 'base64') }
  const fetch = async (path: string) => Buffer.from((await readLogFile(path, reader.log)).body)
  try {
    await verifyLog(fetch, pub, [{ index: rotation.entry, opening }])
    return 'whole'
  } catch (error) {
    if (error instanceof Rejected) return error.message
    throw error
  } finally {
    await reader.close()
  }
}

t.test('a start that sets the clock back is counted, by both', async t => {
  const data = await copyBase('set-back')
  await writeLedger(
    data,
    certs,
    append(makeEntry({ type: 'start', at: ago(DAY), version: '1' }), accept({ at: ago(DAY) })),
    keys,
  )
  const { stdout, stderr } = await runCommand('receiver', ['log', 'verify', '--certs', certs, '--data', data])
  t.match(stdout.toString(), /the clock was set back before 1 start/, stderr)
  const { entries } = await verifyTheirsOf(data)
  t.equal(entries, 1)
})

async function verifyTheirsOf(data: string) {
  const reader = openLedgerReader(data)
  const opening = { facts: Buffer.from(rotation.facts, 'base64'), nonce: Buffer.from(rotation.nonce, 'base64') }
  const fetch = async (path: string) => Buffer.from((await readLogFile(path, reader.log)).body)
  const { setBacks } = await verifyLog(fetch, logPub, [{ index: rotation.entry, opening }])
  await reader.close()
  return { entries: setBacks }
}

t.test('what rotate-key prints opens the entry that names the next key', async t => {
  const opening = { facts: Buffer.from(rotation.facts, 'base64'), nonce: Buffer.from(rotation.nonce, 'base64') }
  t.match(openEntry(readEntry(good[ROTATED]!.leaf), opening), { action: 'rotate-log-key', subject: newer.verifierKey })
})
