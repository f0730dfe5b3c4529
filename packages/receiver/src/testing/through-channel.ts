// A gateway whose exchange asks for everything over a channel, as a connection process does: with
// TEST_GATEWAY=channel, what the tests of one process demand is demanded of that, too.
import { duplexPair } from 'node:stream'
import { packCredentials } from '../credentials/credential-snapshot.ts'
import type { ExchangeGate, Gate } from '../gate.ts'
import type { Logger } from '../logger.ts'
import { answerProcess } from '../processes/answer-process.ts'
import { ProcessChannel } from '../processes/channel.ts'
import { openRemoteGate } from '../processes/remote-gate.ts'

export function openThroughChannel(gate: Gate, logger: Logger): ExchangeGate {
  const [here, there] = duplexPair()
  let snapshot = 0
  let sent = gate.credentials.current
  const recall = async () => void (await channel.ask('recall', null))
  const answering = { gate, logger, write: () => {}, tracer: undefined, recall }
  const { handlers } = answerProcess(
    1,
    answering,
    () => snapshot,
    () => {},
  )
  const channel = new ProcessChannel(here, handlers, () => {})
  const remoteChannel = new ProcessChannel(
    there,
    {
      credentials: ({ octets }) => remote.replaceCredentials(octets),
      recall() {
        remote.recall()
        return undefined
      },
    },
    () => {},
  )
  const { data, node, clockSkew, limits, secondOpinion } = gate
  const remote = openRemoteGate(remoteChannel, {
    ...{ number: 1, count: 1, data, node, host: '', port: 0, clockSkew, limits, balancers: [], isTraced: false },
    secondOpinion: secondOpinion.mode,
    staple: undefined,
    credentials: packCredentials(sent),
  })
  gate.credentials.onReplaced(next => {
    channel.tell('credentials', null, packCredentials(next, sent))
    sent = next
    snapshot++
  })
  return remote
}
