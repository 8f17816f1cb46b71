import { Latencies } from '../harness/latencies.js'
import { type Pace, pace } from './pace.js'
import type { RenewalStream } from './renewal-stream.js'

/** What a load came to. */
export interface Renewed {
  /** Leases renewed. */
  readonly renewals: number
  /** How long a message took to be answered: in a closed loop from its sending, in an open one from when it was due. */
  readonly latencies: Latencies
  /** How long it went on. */
  readonly seconds: number
}

/** Messages are given up that are not answered so long after the end. */
const longestDrainMs = 30_000

/**
 * As fast as it goes: each stream has `window` messages on their way, and sends the next when one is answered. Says how
 * much can be done, and hides stalls: who waits sends nothing.
 */
export async function renewClosedLoop(
  streams: readonly RenewalStream[],
  { seconds, window }: { seconds: number; window: number },
): Promise<Renewed> {
  const latencies = new Latencies()
  let renewals = 0
  const startMs = performance.now()
  const endMs = startMs + seconds * 1e3
  await Promise.all(
    streams.map(
      stream =>
        new Promise<void>(resolve => {
          const sentMs = new Due(window)
          const send = (): void => {
            sentMs.push(performance.now())
            stream.renew()
          }
          stream.onRenewed = () => {
            const nowMs = performance.now()
            latencies.add(nowMs - sentMs.shift())
            renewals += stream.leases
            if (nowMs < endMs) send()
            else if (sentMs.size === 0) resolve()
          }
          for (let i = 0; i < window; i++) send()
        }),
    ),
  )
  return { renewals, latencies, seconds: (performance.now() - startMs) / 1e3 }
}

/**
 * At a fixed rate, whatever the answers do: streams take turns, and a message counts from when it was due, so that a
 * stall shows in every message that it held up.
 *
 * @param at messages, of all streams together.
 * @throws Error when answers are missing at the end.
 */
export async function renewOpenLoop(streams: readonly RenewalStream[], at: Pace): Promise<Renewed> {
  const latencies = new Latencies()
  const startMs = performance.now()
  let total = Number.POSITIVE_INFINITY
  let answered = 0
  let renewals = 0
  let onAll: () => void = () => {}
  const all = new Promise<void>(resolve => {
    onAll = resolve
  })
  const queues = streams.map(stream => {
    const due = new Due(16)
    stream.onRenewed = () => {
      latencies.add(performance.now() - due.shift())
      renewals += stream.leases
      if (++answered === total) onAll()
    }
    return due
  })
  total = await pace(at, (dueMs, sent) => {
    const index = sent % streams.length
    queues[index]?.push(dueMs)
    streams[index]?.renew()
  })
  const timer = setTimeout(() => onAll(), longestDrainMs)
  if (answered < total) await all
  clearTimeout(timer)
  if (answered < total) throw new Error(`${total - answered} of ${total} renewals were not answered`)
  return { renewals, latencies, seconds: (performance.now() - startMs) / 1e3 }
}

/** Times in the order in which they came, in a ring that grows. */
class Due {
  #times: Float64Array
  #first = 0
  #size = 0

  constructor(capacity: number) {
    this.#times = new Float64Array(Math.max(capacity, 1))
  }

  get size(): number {
    return this.#size
  }

  push(ms: number): void {
    if (this.#size === this.#times.length) this.#grow()
    this.#times[(this.#first + this.#size++) % this.#times.length] = ms
  }

  shift(): number {
    const ms = this.#times[this.#first] ?? 0
    this.#first = (this.#first + 1) % this.#times.length
    this.#size--
    return ms
  }

  #grow(): void {
    const grown = new Float64Array(this.#times.length * 2)
    for (let i = 0; i < this.#size; i++) grown[i] = this.#times[(this.#first + i) % this.#times.length] ?? 0
    this.#times = grown
    this.#first = 0
  }
}
