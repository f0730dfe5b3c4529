// The receiver for programs that embed it: tests, the demo, the benchmarks.
export { acceptDocument } from './acceptance/accept-document.ts'
export type { Gate } from './gate.ts'
export { buildReceiver, type ReceiverParts } from './http/receiver.ts'
export { type RunningReceiver, startReceiver } from './http/start-receiver.ts'
export { defaultReceiverLimits, type ReceiverLimits } from './limits.ts'
export { type Logger, openLogger } from './logger.ts'
export { closeGate, type GateSettings, openGate } from './open-gate.ts'
