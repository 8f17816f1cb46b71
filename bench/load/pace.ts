/** A fixed rate, for a time or until something has happened. */
export interface Pace {
  readonly perSecond: number
  readonly seconds?: number
  readonly until?: Promise<unknown>
}

/**
 * Acts at a fixed rate, whatever comes of it: each time is told when it was due, which late turns do not change. Resolves
 * when all that it began has ended.
 *
 * @returns how often it acted.
 * @throws what the first that failed has thrown.
 */
export function pace(
  { perSecond, seconds = Number.POSITIVE_INFINITY, until }: Pace,
  act: (dueMs: number, index: number) => Promise<void> | void,
): Promise<number> {
  const startMs = performance.now()
  const everyMs = 1e3 / perSecond
  let total = Math.floor(seconds * perSecond)
  let done = 0
  const stop = (): void => {
    total = done
  }
  until?.then(stop, stop)
  return new Promise((resolve, reject) => {
    const begun: Promise<void>[] = []
    const fail = (error: unknown): void => {
      stop()
      reject(error)
    }
    const turn = (): void => {
      const nowMs = performance.now()
      for (; done < total && startMs + done * everyMs <= nowMs; done++) {
        const ended = act(startMs + done * everyMs, done)
        if (ended === undefined) continue
        ended.catch(fail)
        begun.push(ended)
      }
      if (done < total) setTimeout(turn, 1)
      else Promise.all(begun).then(() => resolve(done), fail)
    }
    turn()
  })
}
