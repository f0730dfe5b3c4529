// What the main thread answers the operators' listener: from memory, or with what the desk's thread
// says.
import type { GatewayAnswers } from '@seg/operators'
import type { Gate } from '../gate.ts'
import type { Readiness } from '../measures/readiness.ts'
import { version } from '../open-ledger.ts'

export function answersOf(gate: Gate, readiness: Pick<Readiness, 'look'>): GatewayAnswers {
  const startedAt = gate.now().toISOString()
  return {
    identity: () => ({ id: gate.credentials.current.identity.id, version, startedAt }),
    readiness: readiness.look,
    metrics: gate.desk.metrics,
  }
}
