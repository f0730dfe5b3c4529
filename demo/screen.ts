// What the demo shows: a line for each step with its time, then facts in two columns.
import { styleText } from 'node:util'

const width = 92
const stream = process.stdout
/** A line can be written over. */
const isScreen = stream.isTTY && process.env.TERM !== 'dumb'
// A reader that ends early does not stop the demo.
stream.on('error', () => {})

/** Does a step, and shows it as done or failed; `work` returns the words for what was done. */
export async function showStep(doing: string, work: () => Promise<string>): Promise<void> {
  const start = performance.now()
  if (isScreen) stream.write(`  ${paint('dim', '…')} ${doing}`)
  try {
    const done = await work()
    const seconds = `${((performance.now() - start) / 1000).toFixed(2)} s`
    showLine(`  ${paint('green', '✔')} ${done.padEnd(width - 12)} ${paint('dim', seconds.padStart(7))}`)
  } catch (error) {
    showLine(`  ${paint('red', '✖')} ${doing}`)
    throw error
  }
}

export function showTitle(text: string): void {
  stream.write(`\n  ${paint('bold', text)}\n\n`)
}

export function showFacts(title: string, facts: readonly (readonly [string, string])[]): void {
  stream.write(`\n  ${paint('bold', title)}\n`)
  for (const [name, value] of facts) stream.write(`    ${paint('dim', name.padEnd(12))} ${value}\n`)
}

export function showText(text: string): void {
  stream.write(`\n${text.replace(/^(?=.)/gm, '  ')}\n`)
}

/** A line of the receiver's log, for people; what peers said is quoted in it by the receiver. */
export function showLogLine(line: string): void {
  try {
    const { time, msg } = JSON.parse(line)
    stream.write(`  ${paint('dim', String(time))} ${String(msg)}\n`)
  } catch {
    stream.write(`  ${line}\n`)
  }
}

/** Over the line that said what is being done. */
function showLine(text: string): void {
  stream.write(`${isScreen ? '\r\u001b[K' : ''}${text}\n`)
}

function paint(style: 'green' | 'red' | 'dim' | 'bold', text: string): string {
  return styleText(style, text, { stream })
}
