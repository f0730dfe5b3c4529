// What the main thread answers the operators' listener: from memory, at once.
import type { GatewayAnswers } from '@seg/operators'
import type { Gate } from '../gate.ts'
import { version } from '../open-ledger.ts'

export function answersOf(gate: Gate): GatewayAnswers {
  const startedAt = gate.now().toISOString()
  return {
    identity: () => ({ id: gate.credentials.current.identity.id, version, startedAt }),
  }
}
