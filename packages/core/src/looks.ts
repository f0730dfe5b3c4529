// Looks at what may have changed, one after the other: every two seconds, on SIGHUP, and when
// asked.

/** Milliseconds between two looks. Reading a dozen small files costs less than 100 µs. */
const LOOK_INTERVAL = 2_000

export type Looks = {
  /** Looks now. Resolves when this look has ended. */
  look(): Promise<void>
  /** Resolves when the last look has ended. */
  close(): Promise<void>
}

/** Looks at once, and from then on. `lookOnce` does not throw. */
export function keepLooking(lookOnce: () => Promise<void>): Looks {
  let looking = Promise.resolve()
  const look = () => {
    looking = looking.then(lookOnce)
    return looking
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_INTERVAL)
  timer.unref()
  const onHangup = () => void look()
  process.on('SIGHUP', onHangup)
  return {
    look,
    async close() {
      clearInterval(timer)
      process.off('SIGHUP', onHangup)
      await looking
    },
  }
}
