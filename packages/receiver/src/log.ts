// The receiver's log: one JSON object a line, or text for people on a terminal. The only file that knows pino.
import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type { Logger }

/** Writes to standard error, so that standard output stays a command's own. */
export function openLog({ isTerminal }: { isTerminal: boolean }): Logger {
  const options = { base: { name: 'receiver' }, timestamp: pino.stdTimeFunctions.isoTime }
  if (!isTerminal) return pino(options, openStandardError())
  const stream = pretty({
    destination: 2,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'name,request,outcome,signature,sender,document,bytes,sha256,code',
    colorize: !process.env.NO_COLOR,
  })
  return pino(options, stream)
}

/** What is logged in one turn of the event loop is written at its end, in one call. */
function openStandardError(): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true })
  let lines = ''
  const flush = () => {
    // Not the destination's own buffer: it would wait for ever for whoever stopped reading.
    if (lines !== '') destination.write(lines)
    lines = ''
  }
  process.on('exit', flush)
  return {
    write(line) {
      if (lines === '') setImmediate(flush)
      lines += line
    },
  }
}

/** A log into any stream; for tests and for programs that embed the receiver. */
export function openLogInto(stream: { write(line: string): unknown }): Logger {
  return pino({ timestamp: pino.stdTimeFunctions.isoTime }, stream)
}
