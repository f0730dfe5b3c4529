// The receiver's logger: one JSON object a line, or text on a terminal. The only file that knows
// pino.
import { amount, asFault, escapeJson, escapeWithinJson, isScreen, openLineFile, openLineOutput } from '@seg/core'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { prettyFactory } from 'pino-pretty'

export type { Logger }

export type OpenLogger = {
  readonly logger: Logger
  /** Takes lines of another process of this receiver, each with its end. */
  write(lines: string): void
  /** Waits for its reader, for a bounded time. */
  close(): Promise<void>
}

const WARN = 40

/**
 * Writes to standard error, so that standard output stays a command's own. Nothing waits for its
 * reader.
 */
export function openLogger({ isTerminal, node }: { isTerminal: boolean; node?: string }): OpenLogger {
  const format = openFormat(isTerminal)
  const lines = openLineOutput(2, dropped => format(describeLoss(dropped)))
  const write = (line: string) => lines.write(format(line))
  return { logger: buildLogger(node, write), write: text => eachLine(text, write), close: () => lines.close() }
}

/**
 * Writes to a file, in JSON, which SIGHUP opens again: what rotates files moves it and sends that.
 * Throws the Fault `configuration` when it cannot be written.
 */
export function openFileLogger(path: string, node?: string): OpenLogger {
  const lines = openLineFile(path, dropped => escapeJson(describeLoss(dropped)))
  const write = (line: string) => lines.write(escapeJson(line))
  const logger = buildLogger(node, write)
  const reopen = () => {
    try {
      lines.reopen()
    } catch (error) {
      logger.error(`the log continues in the file that is open: ${asFault(error).detail}`)
    }
  }
  process.on('SIGHUP', reopen)
  return {
    logger,
    write: text => eachLine(text, write),
    close() {
      process.off('SIGHUP', reopen)
      return lines.close()
    },
  }
}

/** Of the connection process with this number, whose lines another process writes. */
export function openLoggerOfProcess(node: string, number: number, write: (line: string) => void): Logger {
  return buildLogger(node, write, number)
}

function buildLogger(node: string | undefined, write: (line: string) => void, process?: number): Logger {
  const base = { name: 'receiver', node, ...(process !== undefined && { process }) }
  return pino({ base, timestamp: stdTimeFunctions.isoTime }, { write })
}

function eachLine(text: string, write: (line: string) => void): void {
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = text.indexOf('\n', at) + 1 || text.length
    write(text.slice(at, end))
  }
}

function describeLoss(dropped: number): string {
  const msg = `dropped here: ${amount(dropped, 'line')} of the log that nobody read, or that could not be written`
  return `${JSON.stringify({ level: WARN, time: new Date().toISOString(), name: 'receiver', dropped, msg })}\n`
}

/**
 * What becomes of a JSON line: for people on a terminal, or as it is; neither lets a peer's text
 * hide or forge anything there.
 */
export function openFormat(isTerminal: boolean): (line: string) => string {
  if (!isTerminal) return escapeJson
  const show = prettyFactory({
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'name,node,process,request,outcome,signature,sender,document,bytes,sha256,code',
    colorize: isScreen(2) && !process.env.NO_COLOR,
  })
  // Before colours are added, which are escape sequences themselves.
  return line => show(escapeWithinJson(line))
}

/** A log into any stream; for tests and for programs that embed the receiver. */
export function openLoggerInto(stream: { write(line: string): unknown }): Logger {
  return pino({ timestamp: stdTimeFunctions.isoTime }, stream)
}
