// Work of which one at a time may be done for a key, in the order in which it was asked for.

/** Does `work` once all that came before with this key has ended. */
export type InTurn = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>

/** For one receiver. */
export function openTurnsByKey(): InTurn {
  /** What has ended is not kept. */
  const underWay = new Map<string, Promise<unknown>>()
  return (key, work) => {
    const mine = (underWay.get(key) ?? Promise.resolve()).then(work)
    const ended = mine.then(
      () => {},
      () => {},
    )
    underWay.set(key, ended)
    void ended.then(() => underWay.get(key) === ended && underWay.delete(key))
    return mine
  }
}
