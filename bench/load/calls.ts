import { setTimeout as sleep } from 'node:timers/promises'
import { Latencies } from '../harness/latencies.js'

/** What callers came to. */
export interface Called {
  /** How long each call took. */
  readonly latencies: Latencies
  readonly seconds: number
}

/** Does one call; the next is begun when it is answered. */
export type Caller = () => Promise<unknown>

/** As fast as it goes: every caller calls again as soon as it is answered. */
export async function callClosedLoop(callers: readonly Caller[], seconds: number): Promise<Called> {
  const latencies = new Latencies()
  const startMs = performance.now()
  const endMs = startMs + seconds * 1e3
  await Promise.all(
    callers.map(async call => {
      for (let sentMs = performance.now(); sentMs < endMs; sentMs = performance.now()) {
        await call()
        latencies.add(performance.now() - sentMs)
      }
    }),
  )
  return { latencies, seconds: (performance.now() - startMs) / 1e3 }
}

/** At a fixed rate: who is free takes the next call that is due, and it counts from when it was due. */
export async function callOpenLoop(
  callers: readonly Caller[],
  { seconds, perSecond }: { seconds: number; perSecond: number },
): Promise<Called> {
  const latencies = new Latencies()
  const startMs = performance.now()
  const total = Math.floor(seconds * perSecond)
  let taken = 0
  await Promise.all(
    callers.map(async call => {
      while (taken < total) {
        const dueMs = startMs + (taken++ * 1e3) / perSecond
        const waitMs = dueMs - performance.now()
        if (waitMs > 0) await sleep(waitMs)
        await call()
        latencies.add(performance.now() - dueMs)
      }
    }),
  )
  return { latencies, seconds: (performance.now() - startMs) / 1e3 }
}
