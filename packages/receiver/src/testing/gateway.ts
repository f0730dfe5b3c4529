// A receiver over real mutual TLS on the loopback, with a clock that the test moves and a log that
// it reads.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfiguration } from '@seg/core'
import { type CertificateChain, type Ledger, makeCertificateChain } from '@seg/ledger'
import { openDesk } from '@seg/operators'
import {
  DEFAULT_TRUST,
  generate,
  type Identity,
  loadIdentity,
  loadLogKey,
  loadSeal,
  loadTrust,
  loadTrustPolicy,
  makeOwnPolicy,
} from '@seg/pki'
import { defaultTypes } from '@seg/xmldsig'
import { prepareDocument, signDocument } from '@seg/xmldsig/testing'
import type { Test } from 'tap'
import { RefusalLog } from '../acceptance/refusal-log.ts'
import { openSecondOpinion, type SecondOpinionMode } from '../acceptance/second-opinion.ts'
import { measureSpace, openStorageRoom, type StorageLimits } from '../acceptance/storage-room.ts'
import type { Staple } from '../credentials/follow-staple.ts'
import { openCredentials } from '../credentials/live-credentials.ts'
import { parseTrust } from '../credentials/read-trust.ts'
import type { Gate } from '../gate.ts'
import { type RunningReceiver, startReceiver } from '../http/start-receiver.ts'
import { openUploads } from '../http/uploads.ts'
import { defaultReceiverLimits, type ReceiverLimits } from '../limits.ts'
import { openLoggerInto } from '../logger.ts'
import { SealState } from '../measures/seal-state.ts'
import { openWitnesses } from '../measures/witnesses.ts'
import { closeGate } from '../open-gate.ts'
import { openReceiverLedger } from '../open-ledger.ts'
import { type DocumentPolicy, openDocumentPolicy } from '../schemas/document-policy.ts'
import { openSchemas } from '../schemas/schemas.ts'
import { openTurnsByKey } from '../shares/in-turn.ts'
import { openUploadShares } from '../shares/upload-shares.ts'
import { openThroughChannel } from './through-channel.ts'

export const senderId = 'MINISTRY 1_SEG01'
export const receiverId = 'MINISTRY 2_SEG01'

/** For documents that the ledger is given without a signature; it reads no certificate. */
export const someChain = makeCertificateChain([Buffer.from('certificate'), Buffer.from('certificate of the CA')])

/** The sender's certificate in `certs`, and the CA's. */
export async function loadSenderChain(certs: string): Promise<CertificateChain> {
  const [{ certificate }, trust] = await Promise.all([loadIdentity(certs, 'sender'), loadTrust(certs)])
  return makeCertificateChain([certificate.raw, trust.authorities[0]!.certificate.raw])
}

export type LogEntry = {
  readonly level: number
  readonly msg: string
  readonly request?: string
  readonly code?: string
  readonly outcome?: string
}

export type TestGateway = RunningReceiver & {
  readonly port: number
  readonly certs: string
  readonly data: string
  readonly gate: Gate
  readonly sender: Identity
  readonly log: LogEntry[]
  /** The bytes of a document of `senderId`, as the ledger has them. */
  stored(id: string): Promise<Buffer | undefined>
  /** The receiver's clock. */
  setTime(now: Date): void
}

/** A folder that is gone after the test. */
export async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-receiver-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A folder with a CA of its own and what it issued. */
export async function makeCerts(t: Test): Promise<string> {
  const folder = await makeFolder(t)
  await generate({ out: folder, key: 'ec-p256', senderId, receiverId, hosts: ['localhost', '127.0.0.1', '::1'] })
  return folder
}

/** The ledger in `data` as the receiver of `certs` opens it. */
export async function openTestLedger(certs: string, data: string, now = () => new Date()): Promise<Ledger> {
  const seal = await loadSeal(certs)
  return openReceiverLedger(data, seal, await loadLogKey(certs, seal.id), now)
}

/** What a receiver without a configuration file takes. */
export async function makeDefaultDocuments(): Promise<DocumentPolicy> {
  return {
    types: defaultTypes,
    schemas: await openSchemas([], defaultReceiverLimits),
    sources: [],
    files: [],
    digest: '',
  }
}

type GatewayOptions = Partial<ReceiverLimits & StorageLimits> & {
  readonly host?: string
  readonly secondOpinion?: SecondOpinionMode
  readonly clockSkew?: number
  /** A configuration file, for its document types. */
  readonly config?: string
  readonly staple?: Staple
  readonly balancers?: readonly string[]
  /** The data folder of a sender, whose deliveries are facts as well. */
  readonly outbox?: string
  /** What the receiver's clock shows from the start. */
  readonly time?: Date
}

export async function openGateway(t: Test, certs: string, options: GatewayOptions = {}): Promise<TestGateway> {
  const {
    host = '127.0.0.1',
    secondOpinion: mode = 'off',
    reserve = 'auto',
    quota = 'off',
    clockSkew = 300,
    config,
    staple,
    balancers,
    outbox,
    time: start,
    ...changed
  } = options
  const limits = { ...defaultReceiverLimits, ...changed }
  const secondOpinion = openSecondOpinion(mode, limits.opinionTime)
  const data = await makeFolder(t)
  const documents = config === undefined ? await makeDefaultDocuments() : await openDocumentPolicy(config, limits)
  const [identity, seal, sender, trust] = await Promise.all([
    loadIdentity(certs, 'receiver'),
    loadSeal(certs),
    loadIdentity(certs, 'sender'),
    loadTrust(certs),
  ])
  let time = start
  const now = () => time ?? new Date()
  const ledger = await openTestLedger(certs, data, now)
  const room = await openStorageRoom({ reserve, quota }, () => measureSpace(data), ledger, now())
  const shares = openUploadShares(limits, room, now)
  const gate: Gate = {
    data,
    node: 'node1',
    credentials: openCredentials({
      identity,
      seal,
      trust,
      policy: makeOwnPolicy(trust),
      responder: undefined,
      documents,
      record: DEFAULT_TRUST,
      file: '',
    }),
    ledger,
    sealing: new SealState(),
    refusals: new RefusalLog(ledger, now),
    desk: openDesk({ folder: data, retention: { days: 36_500, bytes: 1024 ** 3 }, outbox }, () => {}),
    witnesses: await openWitnesses(data, now, () => {}),
    room,
    uploads: openUploads(shares),
    shares,
    inTurn: openTurnsByKey(),
    secondOpinion,
    clockSkew,
    limits,
    now,
  }
  const log: LogEntry[] = []
  const logger = openLoggerInto({ write: line => log.push(JSON.parse(line)) })
  const exchange = process.env.TEST_GATEWAY === 'channel' ? openThroughChannel(gate, logger) : gate
  const running = await startReceiver({ ...exchange, now, logger, staple, balancers }, { host, port: 0 })
  t.teardown(async () => {
    await running.close()
    await closeGate(gate)
  })
  const setTime = (now: Date) => {
    time = now
  }
  const stored = async (id: string) => {
    const pieces = await ledger.read(senderId, id)
    return pieces && Buffer.concat(await Array.fromAsync(pieces))
  }
  return { ...running, port: Number(new URL(running.url).port), certs, data, gate, sender, log, stored, setTime }
}

/**
 * Replaces whom the receiver relies on by what `yaml` says; its files stand in the folder of
 * certificates.
 */
export async function setTrust({ certs, gate }: TestGateway, yaml: string): Promise<void> {
  const file = join(certs, 'seg.yaml')
  const { record } = parseTrust(parseConfiguration(file, yaml))
  const { current } = gate.credentials
  const policy = await loadTrustPolicy(record, current.trust, { certs, file })
  gate.credentials.replace({ ...current, policy, record, file })
}

type DocumentFields = { id?: string; from?: string; to?: string; now?: Date; payload?: string; signer?: Identity }

/** A document as an honest sender signs it, unless `fields` says otherwise. */
export async function makeDocument(gateway: TestGateway, fields: DocumentFields = {}): Promise<Buffer> {
  const {
    id = 'doc123',
    from = senderId,
    to = receiverId,
    now = new Date(),
    payload = 'Lunch party at Saturday',
    signer = gateway.sender,
  } = fields
  const template = `<CriticalDocument id="${id}">
  <SenderID>${from}</SenderID>
  <ReceiverID>${to}</ReceiverID>
  <TimestampForSignature>YYYY-MM-DDTHH:MM:SSZ</TimestampForSignature>
  <Payload>${payload}</Payload>
</CriticalDocument>
`
  return signDocument(prepareDocument(Buffer.from(template), { now }), signer)
}
