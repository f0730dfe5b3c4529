// `pnpm bench verify`: measures, prints a table and ratios, and with --json the same as one object.
import { parseArgs } from 'node:util'
import { benchVerify, formatVerify } from './verify/verify.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || positionals[0] !== 'verify') {
  process.stderr.write('usage: pnpm bench verify [--quick] [--json]\n  --quick  fewer rounds, and no document above 50 MB\n')
  process.exitCode = values.help ? 0 : 2
} else {
  const result = await benchVerify(values.quick, line => process.stderr.write(`${line}\n`))
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${formatVerify(result)}\n`)
}
