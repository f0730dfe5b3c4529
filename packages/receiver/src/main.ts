// The receiver's commands.
import { addConfigCommands, addSettings, buildProgram, onDemand, runProgram } from '@seg/core'
import { startDefaults } from './commands/start-defaults.ts'
import { handOffDefaults } from './hand-off/hand-off-defaults.ts'
import { addLedgerCommands } from './program/ledger-commands.ts'
import { addOperatorCommands } from './program/operator-commands.ts'
import { addPartnerCommands } from './program/partner-commands.ts'

const program = buildProgram('receiver', 'accepts signed documents over mutual TLS and keeps them')

const start = program.command('start').description('listen for documents until it is stopped')
const allDefaults = { ...startDefaults, ...handOffDefaults }
addSettings(start, allDefaults).action(onDemand(() => import('./commands/start-command.ts').then(it => it.runStart)))

const diagnosing = program.command('diagnose').description('what would keep it from starting or accepting, and why')
addSettings(diagnosing, allDefaults).action(
  onDemand(() => import('./commands/diagnose-command.ts').then(it => it.runDiagnoseReceiver)),
)

addLedgerCommands(program)
addPartnerCommands(program)
addOperatorCommands(program)
addConfigCommands(program, async () => (await import('./configuration-sections.ts')).receiverSections)

const run = (): Promise<void> => runProgram(program)

export { program, run }

if (import.meta.main) await run()
