// One line about what is being waited for, on a terminal; nothing anywhere else.
import type { WriteStream } from 'node:tty'

export type Progress = { show(text: string): void; clear(): void }

export function openProgress(stream: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>): Progress {
  if (!stream.isTTY) return { show() {}, clear() {} }
  return {
    show: text => void stream.write(`\r\u001b[K${text.slice(0, (stream.columns || 80) - 1)}`),
    clear: () => void stream.write('\r\u001b[K'),
  }
}
