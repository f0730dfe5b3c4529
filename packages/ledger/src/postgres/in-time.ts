// Whether work ends within a time, well or not; it goes on where it does not.

export async function isInTime(work: Promise<unknown>, time: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), time)
  try {
    return await Promise.race([
      work.then(
        () => true as const,
        () => true as const,
      ),
      promise,
    ])
  } finally {
    clearTimeout(timer)
  }
}
