// One line about long work, on a terminal; nothing anywhere else.
import { isScreen, type Output, standardError } from '@seg/core'

/** Milliseconds between two lines. */
const INTERVAL = 500

export type ShownProgress = { readonly show: (line: string) => void; clear(): void }

export function showProgress({ json }: Output): ShownProgress {
  if (!isScreen(2) || json) return { show() {}, clear() {} }
  let shown = performance.now()
  return {
    show(line) {
      if (performance.now() - shown < INTERVAL) return
      shown = performance.now()
      standardError.write(`\r\u001b[K${line}`)
    },
    clear: () => void standardError.write('\r\u001b[K'),
  }
}
