// What the settings say of NATS: servers, stream and subject, and the files that prove who is who.
import { asFault, Fault, type NatsAddress, type Trouble } from '@seg/core'
import { loadOutboundContext } from '@seg/operators'
import { readNatsProof } from './nats-credentials.ts'
import { lookAtNats, type NatsTarget } from './nats-lanes.ts'

type Files = {
  readonly natsStream: string | undefined
  readonly natsSubject: string
  readonly natsCredentials: string | undefined
  readonly natsCa: string | undefined
  readonly natsCertificate: string | undefined
  readonly natsKey: string | undefined
}

/** Milliseconds for a look at the stream. */
const LOOK_TIME = 10_000

/**
 * Looks at the stream, too: `doubts` are warnings, and that NATS cannot be reached now, for
 * documents are accepted meanwhile, and wait. Throws the Faults `usage` and `configuration`.
 */
export async function loadNats(
  address: NatsAddress,
  { natsStream: stream, natsSubject: subject, natsCredentials, natsCa: ca, natsCertificate, natsKey: key }: Files,
): Promise<{ readonly target: NatsTarget; readonly doubts: readonly Trouble[] }> {
  if (stream === undefined) throw new Fault('usage', '--nats needs --nats-stream NAME, a stream that is there')
  if ((natsCertificate === undefined) !== (key === undefined))
    throw new Fault('usage', '--nats-certificate and --nats-key are given together')
  const { isPlain, user, hosts } = address
  if (isPlain && (ca ?? natsCertificate) !== undefined)
    throw new Fault('usage', 'nats:// has no TLS, and so no certificates: expected tls:// in --nats')
  const secureContext = isPlain ? undefined : await loadOutboundContext({ ca, certificate: natsCertificate, key })
  const proof = await readNatsProof(user, natsCredentials)
  const target = { hosts, isPlain, secureContext, proof, stream, subject }
  const doubts = await findDoubts(target)
  return { target, doubts: doubts.map(cause => ({ cause, command: `nats stream info ${stream}` })) }
}

async function findDoubts(target: NatsTarget): Promise<readonly string[]> {
  try {
    return await lookAtNats(target, AbortSignal.timeout(LOOK_TIME))
  } catch (error) {
    if (error instanceof Fault && error.code !== 'storage-unavailable') throw error
    return [`documents wait for NATS: ${asFault(error).detail}`]
  }
}
