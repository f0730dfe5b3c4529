// How many connection processes a receiver has.
import { availableParallelism } from 'node:os'

/** Fewer cores are used by one process: the ledger's writer has a thread of its own. */
const FEWEST_CORES = 4
/** More do not make small documents faster: there is one log, and one writer (bench/README.md). */
const MOST = 4

/** 1: none beside the process that has the ledger. */
export function processesOf(setting: number | 'auto', cores = availableParallelism()): number {
  if (setting !== 'auto') return setting
  return cores < FEWEST_CORES ? 1 : Math.min(MOST, Math.floor(cores / 2))
}
