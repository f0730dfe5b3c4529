// What a program needs to describe the operators' commands. What runs them is loaded on demand,
// from the index.

export { parseRole, roleNames } from './access/roles.ts'
export { parseHours } from './alerts/mute-hours.ts'
export { addFactsCommands } from './facts/facts-commands.ts'
