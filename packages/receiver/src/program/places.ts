// What many commands are given.
import { startDefaults } from '../commands/start-defaults.ts'

const { certs, data } = startDefaults

/** The folders, with their defaults. */
export const places = { certs, data } as const

export const whyOption = ['--why <text>', 'the reason, for the audit trail'] as const
