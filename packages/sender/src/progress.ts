// One line about what is being waited for, on a terminal; nothing anywhere else.
import type { WriteStream } from 'node:tty'
import { isScreen, standardError } from '@seg/core'

export type Progress = { show(text: string): void; clear(): void }

/**
 * Called with what begins and its number of bytes; the function it returns is called with how many
 * are done.
 */
export type Meter = (doing: string, total: number) => (done: number) => void

/** Milliseconds between two lines of a meter, and before the first: short work shows none. */
const METER_INTERVAL = 200

type Terminal = Pick<WriteStream, 'columns'> & { readonly isTTY: boolean; write(text: string): unknown }

/** Standard error; Node's stream for it would wait when the terminal is stopped. */
export const terminal: Terminal = {
  get isTTY() {
    return isScreen(2)
  },
  get columns() {
    return process.stderr.columns
  },
  write: text => standardError.write(text),
}

export function openProgress(stream: Terminal, { isSilent = false } = {}): Progress {
  if (isSilent || !stream.isTTY) return silentProgress
  return {
    show: text => void stream.write(`\r\u001b[K${text.slice(0, (stream.columns || 80) - 1)}`),
    clear: () => void stream.write('\r\u001b[K'),
  }
}

/** Shows bytes, share and speed of the work on the file `name`; `now` gives milliseconds. */
export function openMeter(progress: Progress, name: string, now = () => performance.now()): Meter {
  return (doing, total) => {
    const start = now()
    let shown = start
    return done => {
      const time = now()
      if (time - shown < METER_INTERVAL) return
      shown = time
      const share = total === 0 ? 100 : Math.floor((100 * done) / total)
      const speed = done / 1e6 / ((time - start) / 1000)
      progress.show(
        `${name}: ${doing}, ${megabytes(done)} of ${megabytes(total)} MB, ${share} %, ${speed.toFixed(0)} MB/s`,
      )
    }
  }
}

export const silentMeter: Meter = () => () => {}

const silentProgress: Progress = { show() {}, clear() {} }

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
