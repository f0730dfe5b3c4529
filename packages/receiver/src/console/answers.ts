// What the main thread answers the operators' listener: from memory, or with what the desk's thread
// says.
import type { X509Certificate } from 'node:crypto'
import type { ShownSetting } from '@seg/core'
import type { GatewayAnswers } from '@seg/operators'
import type { Gate } from '../gate.ts'
import type { Readiness } from '../measures/readiness.ts'
import { version } from '../open-ledger.ts'

export function answersOf(
  { node, credentials, desk, witnesses, now }: Gate,
  readiness: Pick<Readiness, 'look'>,
  settings: readonly ShownSetting[],
  configuration: string | undefined,
  targets: readonly string[],
  eventGaps: { value: number },
): GatewayAnswers {
  const startedAt = now().toISOString()
  return {
    identity: () => ({ id: credentials.current.identity.id, node, version, startedAt }),
    readiness: readiness.look,
    metrics: desk.metrics,
    settings: () => settings,
    configuration: () => configuration,
    targets: () => targets,
    witnesses: witnesses.list,
    noteEventGap: () => {
      eventGaps.value++
    },
    certificates: () => {
      const { identity, seal, trust, policy } = credentials.current
      const use = (name: string, certificates: readonly X509Certificate[]) =>
        certificates.map(({ raw }) => ({ use: name, der: raw }))
      return [
        ...use('receiver', [identity.certificate]),
        ...use('seal', [seal.certificate]),
        ...use(
          'own CA',
          trust.authorities.map(({ certificate }) => certificate),
        ),
        ...policy.anchors.authorities.flatMap(({ name, anchors, intermediates }) =>
          use(`authority ${name}`, [...anchors, ...intermediates]),
        ),
      ]
    },
  }
}
