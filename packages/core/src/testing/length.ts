// How much a test tries: `x.long.test.ts` runs `x.test.ts` at length (`pnpm test:long`).

/** The file that was started says it. */
const isLong = process.argv[1]?.endsWith('.long.test.ts') === true

/** `usual` in `x.test.ts`, `long` when `x.long.test.ts` runs it. */
export function atLength<Value>(usual: Value, long: Value): Value {
  return isLong ? long : usual
}
