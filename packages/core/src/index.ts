// What every package shares; a closed list.

export { advice } from './advice.ts'
export {
  addSettings,
  buildProgram,
  type Command,
  type Output,
  onDemand,
  openOutput,
  openServiceOutput,
  readSettings,
  runProgram,
  type ShownSetting,
  showSettings,
  writeList,
  writeResult,
} from './command.ts'
export { addConfigCommands } from './configuration/config-commands.ts'
export {
  type ConfigurationFile,
  changeConfigurationFile,
  configurationPath,
  parseConfiguration,
  readConfigurationFile,
} from './configuration/configuration-file.ts'
export type { JsonSchema } from './configuration/json-schema.ts'
export {
  findRecord,
  noRecordOf,
  pathForFile,
  type RecordValue,
  recordValues,
} from './configuration/named-records.ts'
export { formatProblems, Problems } from './configuration/problems.ts'
export {
  type ConfigurationSection,
  checkConfiguration,
  configurationSchema,
  readSection,
} from './configuration/read-configuration.ts'
export {
  listOf,
  mapOf,
  optional,
  type ReadNode,
  record,
  required,
  text,
  withSchema,
} from './configuration/record-reader.ts'
export { exportRecords, readImported, reportImport } from './configuration/transfer-records.ts'
export {
  changeRecord,
  changeValue,
  formatYaml,
  plainValue,
  readYamlTree,
  type YamlNode,
  type YamlProblem,
} from './configuration/yaml-file.ts'
export { type CopiedSettings, commandWith, copySettings } from './copied-settings.ts'
export {
  type Check,
  type CheckResult,
  checksOf,
  diagnose,
  explainFault,
  type Finding,
  reportDiagnosis,
  type Trouble,
} from './diagnosis.ts'
export { TLS13_CIPHERS } from './environment.ts'
export { asFault, Fault, isSystemError } from './fault.ts'
export {
  type AnswerMeaning,
  answerMeaning,
  type FaultCode,
  faultRow,
  faults,
  isFaultCode,
  isOwnFailure,
} from './faults.ts'
export {
  type DurableFileOptions,
  makeDurableFolder,
  type NewFile,
  putAside,
  syncFolder,
  writeDurableFile,
  writeDurableFiles,
} from './files/durable-file.ts'
export { onFile, whyUnreadable } from './files/file-fault.ts'
export { type FileLock, FileLocked, isFileLocked, lockFile } from './files/file-lock.ts'
export { digestFiles, nameKind, openInput, readInput, readPipe, type SmallInput } from './files/input.ts'
export { writeOutputFile } from './files/output-file.ts'
export { findReplaceable } from './files/replaceable.ts'
export { readSecretFile } from './files/secret-file.ts'
export { GATEWAY_ID } from './forms/gateway-id.ts'
export type { NatsAddress, NatsHost } from './forms/nats-address.ts'
export { formatVerifierKey, KEY_HASH_BYTES, readVerifierKeyLine, verifierKeyHash } from './forms/verifier-key.ts'
export { type LineOutput, openLineFile, openLineOutput } from './line-output.ts'
export { keepLooking, type Looks } from './looks.ts'
export { parseLimit, parseNumber } from './number.ts'
export { pollLoop, Wake } from './poll-loop.ts'
export { LONGEST_PATIENCE, LONGEST_PAUSE, parseHttpDate, parseRetryAfter, retryDelay } from './retry.ts'
export { resolveUserPath, rootFolder, settings } from './settings.ts'
export { amount, escapeJson, escapeUnseen, escapeWithinJson, flagFor, quote, shellWord } from './shown-text.ts'
export { refuseDebugger, surviveHangup } from './signals.ts'
export { isScreen, standardError } from './standard-streams.ts'
export { timeOrderedId } from './time-ordered-id.ts'
