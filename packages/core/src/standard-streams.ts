// The standard streams of a command: those of the process, unless a test runs the command in its
// own process.
import { isatty } from 'node:tty'
import { type LineOutput, openLineOutput } from './line-output.ts'
import { ResultOutput } from './result-output.ts'
import { amount } from './shown-text.ts'

export type StandardStreams = {
  /** Standard output. */
  readonly results: Pick<ResultOutput, 'write' | 'writePieces' | 'end' | 'failure'>
  readonly errors: LineOutput
}

let streams: StandardStreams = { results: new ResultOutput(1), errors: openLineOutput(2, describeLoss) }

export function standardStreams(): StandardStreams {
  return streams
}

/** Takes the place of the standard streams; returns those before. */
export function replaceStreams(next: StandardStreams): StandardStreams {
  const before = streams
  streams = next
  return before
}

/** Text for people on standard error, and for a terminal that shows it. */
export const standardError: LineOutput = {
  write: lines => streams.errors.write(lines),
  close: milliseconds => streams.errors.close(milliseconds),
}

/**
 * Whether it is a terminal on which a line can be written over and coloured: none of the type
 * `dumb`.
 */
export function isScreen(descriptor: 1 | 2): boolean {
  return isatty(descriptor) && process.env.TERM !== 'dumb'
}

export function describeLoss(lines: number): string {
  return `dropped here: ${amount(lines, 'line')} that nobody read, or that could not be written\n`
}
