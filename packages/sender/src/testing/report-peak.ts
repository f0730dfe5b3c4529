// Loaded into a process under test: when it ends, it writes its peak of resident memory, in bytes,
// to the file that PEAK_FILE names.
import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => writeFileSync(process.env.PEAK_FILE ?? '', String(readPeak())))

/**
 * Linux keeps ru_maxrss across exec, and with it the parent's peak; VmHWM is this program's own.
 */
function readPeak(): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  } catch {
    return 1024 * process.resourceUsage().maxRSS
  }
}
