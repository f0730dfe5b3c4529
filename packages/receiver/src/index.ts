// The receiver for programs that embed it: tests, the demo, the benchmarks.
export { acceptDocument } from './accept-document.ts'
export type { Gate } from './gate.ts'
export { defaultLimits, type Limits } from './limits.ts'
export { type Logger, openLog, openLogInto } from './log.ts'
export { closeGate, type GateSettings, openGate } from './open-gate.ts'
export { buildReceiver, type ReceiverParts } from './receiver.ts'
export { type RunningReceiver, startReceiver } from './start-receiver.ts'
