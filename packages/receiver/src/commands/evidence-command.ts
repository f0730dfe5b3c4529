// `receiver evidence`: what others verify receipts with.
import { writeVerifierPage } from '@seg/console'
import { type Command, openOutput, resolveUserPath, writeOutputFile, writeResult } from '@seg/core'

export async function runEvidenceVerifier({ output }: { readonly output?: string }, command: Command): Promise<void> {
  const page = Buffer.from(writeVerifierPage())
  const pieces = async function* () {
    yield page
  }
  if (output === undefined) return writeResult(pieces())
  const file = resolveUserPath(output)
  await writeOutputFile(file, pieces())
  openOutput(command).report({ ok: true, file, bytes: page.length }, `open it in a browser: ${file}`)
}
