// What `diagnose` does: checks in their order, of which each gives what later ones go by. A check
// that lacks it is not made.
import type { Output } from './command.ts'
import { asFault, Fault } from './fault.ts'
import type { FaultCode } from './faults.ts'
import { amount, escapeUnseen } from './shown-text.ts'

/** What is wrong, with expected and found, and the one command that fixes it or shows more. */
export type Trouble = { readonly cause: string; readonly command: string }

export type Finding<Value> = {
  readonly value: Value
  readonly found: string
  /** What will be wrong soon, or may be. */
  readonly warnings?: readonly Trouble[]
}

/** A row of the table; its id is also the name of what it gives in `Facts`. */
export type Check<Facts> = {
  readonly id: keyof Facts & string
  readonly needs: readonly (keyof Facts & string)[]
  /** Throws the Fault that a start would end with. */
  run(facts: Facts): Promise<Finding<unknown>>
  /** The command for a Fault that names none itself. */
  fix(facts: Facts, fault: Fault): string
}

/** Makes rows whose checks see what they need, and nothing else. */
export function checksOf<Facts>() {
  return <Id extends keyof Facts & string, Need extends keyof Facts & string>(
    id: Id,
    needs: readonly Need[],
    run: (facts: Pick<Facts, Need>) => Promise<Finding<Facts[Id]>>,
    fix: (facts: Pick<Facts, Need>, fault: Fault) => string,
  ): Check<Facts> => ({ id, needs, run, fix })
}

export type CheckResult =
  | { readonly id: string; readonly status: 'ok'; readonly found: string }
  | ({ readonly id: string; readonly status: 'warning' } & Trouble)
  | ({ readonly id: string; readonly status: 'failure'; readonly code: FaultCode } & Trouble)
  | { readonly id: string; readonly status: 'not-checked'; readonly after: string }

/** The results in the order of the checks; one that warns twice has two. */
export async function diagnose<Facts>(checks: readonly Check<Facts>[]): Promise<CheckResult[]> {
  const facts: Partial<Facts> = {}
  const results: CheckResult[] = []
  for (const check of checks) {
    const missing = check.needs.find(need => !Object.hasOwn(facts, need))
    if (missing === undefined) results.push(...(await runCheck(check, facts)))
    else results.push({ id: check.id, status: 'not-checked', after: missing })
  }
  return results
}

async function runCheck<Facts>(check: Check<Facts>, facts: Partial<Facts>): Promise<CheckResult[]> {
  const { id } = check
  // What it needs is there: `diagnose` looked.
  const given = facts as Facts
  try {
    const { value, found, warnings = [] } = await check.run(given)
    Object.assign(facts, { [id]: value })
    if (warnings.length === 0) return [{ id, status: 'ok', found }]
    return warnings.map(warning => ({ id, status: 'warning' as const, ...warning }))
  } catch (error) {
    const fault = asFault(error)
    const command = fault.command ?? check.fix(given, fault)
    return [{ id, status: 'failure', code: fault.code, cause: fault.detail, command }]
  }
}

/**
 * The Fault that a start ended with, and the command that fixes it, as `diagnose` says it. Any
 * other error stays as it is.
 */
export async function explainFault<Facts>(error: unknown, checks: readonly Check<Facts>[]): Promise<unknown> {
  if (!(error instanceof Fault) || error.command !== undefined || error.code === 'usage') return error
  const failures = (await diagnose(checks)).filter(result => result.status === 'failure')
  const found = failures.find(({ cause }) => cause === error.detail) ?? failures.find(({ code }) => code === error.code)
  return found === undefined ? error : new Fault(error.code, error.detail, { cause: error, command: found.command })
}

/** Failures first, so that the first line is the cause; ends with 5 when there is one. */
export function reportDiagnosis(results: readonly CheckResult[], output: Output): void {
  const failures = results.filter(({ status }) => status === 'failure')
  const warnings = results.filter(({ status }) => status === 'warning')
  const rest = results.filter(({ status }) => status === 'ok' || status === 'not-checked')
  const summary =
    `${amount(failures.length, 'failure')}, ` +
    `${amount(warnings.length, 'warning')}, ${amount(results.length, 'check')}`
  const lines = [...failures, ...warnings, ...rest].flatMap(describe)
  output.report(
    { ok: failures.length === 0, failures: failures.length, warnings: warnings.length, checks: results },
    failures.length > 0 ? [...lines, summary].join('\n') : [summary, ...lines].join('\n'),
  )
  if (failures.length > 0) process.exitCode = 5
}

function describe(result: CheckResult): string[] {
  switch (result.status) {
    case 'ok':
      return [`ok           ${result.id}: ${escapeUnseen(result.found)}`]
    case 'not-checked':
      return [`not checked  ${result.id}: after ${result.after}`]
    default: {
      const label = result.status === 'failure' ? 'FAILURE     ' : 'WARNING     '
      return [
        `${label} ${result.id}: ${escapeUnseen(result.cause)}`,
        `             run: ${escapeUnseen(result.command)}`,
      ]
    }
  }
}
