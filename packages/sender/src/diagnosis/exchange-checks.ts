// What `sender diagnose --to` meets at a receiver, a row each, up to an answer of its log: judged
// as a delivery judges it.
import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { checkServerIdentity } from 'node:tls'
import { amount, type Check, Fault, quote, shellWord } from '@seg/core'
import { isSignedWith, openCheckpoint } from '@seg/ledger'
import {
  checkServer,
  checkStapledServer,
  gatewayId,
  type Identity,
  logName,
  type PeerTrust,
  type PresentedChain,
} from '@seg/pki'
import type { Receivers } from '../credentials/sender-credentials.ts'
import { AGREEMENT, describeClocks, TIMELY } from '../delivery/clocks-apart.ts'
import { type Answer, openConnection } from '../exchange/connection.ts'
import { readConnectionFailure } from '../exchange/connection-fault.ts'
import { readProblem } from '../exchange/problem.ts'
import { connectTo, lookAtServer, type Place, placeOf, show } from './look-at-server.ts'
import { senderRow as row, type SenderFacts } from './sender-facts.ts'
import { makeTestDocument, probeReceiver } from './test-document.ts'

type Target = { readonly to: URL; readonly now: () => Date; readonly patience: number }

export function exchangeChecks({ to, now, patience }: Target): readonly Check<SenderFacts>[] {
  const place = placeOf(to)
  const look = (flag: string) => `openssl s_client -connect ${shellWord(show(place))} ${flag} < /dev/null`
  return [
    row(
      'name',
      [],
      () => resolveName(place),
      () => `getent hosts ${shellWord(place.host)}`,
    ),
    row(
      'connection',
      ['name'],
      async () => ({ value: true, found: `${await connectTo(place, patience)} port ${place.port}` }),
      () => `nc -vz ${shellWord(place.host)} ${place.port}`,
    ),
    row(
      'tls',
      ['connection'],
      async () => {
        const value = await lookAtServer(place, patience)
        return { value, found: `${value.protocol}, key agreement ${value.group}` }
      },
      () => look('-tls1_3'),
    ),
    row(
      'server',
      ['ca.crt', 'receivers', 'tls'],
      async ({ 'ca.crt': all, receivers, tls: { chain, staple } }) => {
        const { id, trust, whose, requiresStapling } = relyOn(chain, all, receivers)
        if (requiresStapling) checkStapledServer(chain, staple, trust, now())
        else checkServer(chain, trust, now())
        checkHost(chain.leaf, place)
        return { value: { id, trust }, found: `${quote(id)}, by ${whose}, until ${chain.leaf.validTo}` }
      },
      (_facts, { code }) => look(code === 'revocation-unknown' ? '-status' : '-showcerts'),
    ),
    row(
      'answer',
      ['configuration', 'sender.crt', 'server'],
      async ({ 'sender.crt': identity, server: { trust } }) => {
        const value = await askCheckpoint({ to, now, patience }, identity, trust)
        return { value, found: `HTTP status ${value.status}` }
      },
      ({ configuration: { certs } }) => `pnpm --filter pki inspect ${shellWord(join(certs, 'ca.crt'))}`,
    ),
    row(
      'our certificate there',
      ['configuration', 'answer'],
      async ({ answer }) => {
        // A log without an entry yet answers a partner, too.
        if (answer.status === 200 || answer.status === 404) return { value: true, found: 'is accepted' }
        const { code, sentence } = readProblem(answer)
        throw new Fault(code, `the receiver refuses us with ${answer.status} ${code}: ${sentence}`)
      },
      ({ configuration: { certs } }) => `pnpm --filter pki inspect ${shellWord(join(certs, 'sender.crt'))}`,
    ),
    row(
      'clocks',
      ['answer'],
      async ({ answer: { date } }) => compareClocks(now(), date),
      () => 'timedatectl',
    ),
    row(
      'log',
      ['configuration', 'log.pub', 'server', 'answer'],
      async ({ 'log.pub': keys, server, answer }) => {
        const name = logName(server.id)
        const known = keys.filter(key => key.name === name)
        if (known.length === 0)
          throw new Fault(
            'receipt-invalid',
            `log.pub has no key of the log ${quote(name)}: expected its line, found ${keys.length} of others; ` +
              'no receipt of this receiver would verify',
          )
        if (answer.status !== 200 || answer.body === undefined) return { value: true, found: `${name}, not shown` }
        const note = answer.body.toString('utf8')
        const { size } = openCheckpoint(note, known.find(key => isSignedWith(note, key)) ?? known[0]!)
        return { value: true, found: `${name}, ${amount(size, 'entry')}` }
      },
      ({ configuration: { certs } }) => `cat RECEIVERS_LOG.pub >> ${shellWord(join(certs, 'log.pub'))}`,
    ),
    row(
      'test document',
      ['configuration', 'sender.crt', 'server', 'our certificate there'],
      async ({ configuration: { certs }, 'sender.crt': identity, server: { id, trust } }) => {
        const document = await makeTestDocument({ certs, identity, receiver: id }, now())
        return {
          value: true,
          found: await probeReceiver(document, { receiver: to, identity, trust }, { now, patience }),
        }
      },
      ({ configuration: { certs }, 'sender.crt': { id } }, { code }) =>
        /^(?:certificate|sender|signature)-/.test(code)
          ? `pnpm --filter pki inspect ${shellWord(certs)}`
          : `pnpm --filter receiver partners show ${shellWord(id)}  # by the operator of the receiver`,
    ),
  ]
}

/**
 * What a delivery to the gateway that this server says it is goes by: the CAs of a receiver that is
 * registered, else ca.crt. Whether it is that gateway is not known yet.
 */
export function relyOn({ leaf }: PresentedChain, all: PeerTrust, receivers: Receivers) {
  const id = gatewayId(leaf)
  const own = receivers.get(id)
  const trust: PeerTrust = own?.own ?? all
  const whose = own?.trust === undefined ? 'ca.crt' : 'its own CAs'
  return { id, trust, whose, requiresStapling: own?.requiresStapling === true }
}

async function resolveName({ host }: Place) {
  try {
    const addresses = await lookup(host, { all: true })
    return { value: true as const, found: addresses.map(({ address }) => address).join(', ') }
  } catch (cause) {
    const reason = String(Object(cause).code)
    throw new Fault('delivery-pending', `the name ${quote(host)} cannot be resolved (${reason})`, { cause })
  }
}

function checkHost(leaf: Parameters<typeof checkServer>[0]['leaf'], { host, port }: Place): void {
  if (checkServerIdentity(host, leaf.toLegacyObject()) === undefined) return
  const names = leaf.subjectAltName ?? 'no host'
  const named = /(?:^|, )DNS:([a-z0-9.-]+)(?:,|$)/i.exec(names)?.[1]
  throw new Fault(
    'certificate-invalid',
    `the server's certificate is for other hosts: expected ${quote(host)}, found ${quote(names)}`,
    named === undefined
      ? {}
      : { command: `pnpm --filter sender diagnose --to ${shellWord(`https://${named}:${port}`)}` },
  )
}

/** What every partner may read. Throws the Faults of a delivery. */
async function askCheckpoint({ to, now, patience }: Target, identity: Identity, trust: PeerTrust): Promise<Answer> {
  await using connection = openConnection({
    receiver: to,
    identity,
    trust,
    admitServer: chain => checkServer(chain, trust, now()),
  })
  const signal = AbortSignal.timeout(patience)
  const request = { method: 'GET', path: '/v1/log/checkpoint', headers: {}, signal } as const
  const answer = await connection.request(request).catch(error => {
    // The check before completed TLS without our certificate, so that certificate is the
    // difference.
    if (['ECONNRESET', 'UND_ERR_SOCKET'].includes(Object(error).code)) throw unwelcome(identity, error)
    return readConnectionFailure(error)
  })
  if (typeof answer !== 'string') return answer
  throw new Fault('delivery-pending', `${to.origin}: ${answer}`)
}

function unwelcome({ certificate }: Identity, cause: unknown): Fault {
  return new Fault(
    'certificate-untrusted',
    'the receiver ends the connection once it sees sender.crt: expected that it relies on its issuer ' +
      `${quote(certificate.issuer)}, found that it closes without an answer; compare ca.crt with the receiver's`,
    { cause },
  )
}

function compareClocks(ours: Date, theirs: Date | undefined) {
  const found = describeClocks(ours, theirs)
  const apart = theirs === undefined ? 0 : Math.abs(ours.getTime() - theirs.getTime())
  if (apart > TIMELY) throw new Fault('clocks-apart', `${found}; expected at most ${TIMELY / 1000} s`)
  const warnings =
    apart > AGREEMENT ? [{ cause: `${found}; expected at most ${AGREEMENT / 1000} s`, command: 'timedatectl' }] : []
  return { value: true as const, found, warnings }
}
