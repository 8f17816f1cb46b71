import { setTimeout as sleep } from 'node:timers/promises'
import { Latencies } from '../harness/latencies.js'
import type { Renewed } from './renew.js'
import type { RenewalStream } from './renewal-stream.js'

/** Messages are given up that are not answered so long after the end. */
const longestDrainMs = 30_000

/** Streams that each renew once a period, from when they join: the times at which they are due are spread over it. */
export class Cadence {
  readonly #startMs = performance.now()
  readonly #periodMs: number
  readonly #count: number
  /** When the oldest unanswered message of each stream was due. */
  readonly #dueMs: number[][] = []
  readonly #timers = new Map<RenewalStream, NodeJS.Timeout>()
  #measured: { fromMs: number; toMs: number; latencies: Latencies; renewals: number } | undefined

  /** @param count how many streams there will be. */
  constructor({ periodMs, count }: { periodMs: number; count: number }) {
    this.#periodMs = periodMs
    this.#count = count
  }

  /** Renews its leases from now on. */
  join(stream: RenewalStream): void {
    const offsetMs = (this.#dueMs.length / this.#count) * this.#periodMs
    const periods = Math.ceil((performance.now() - this.#startMs - offsetMs) / this.#periodMs)
    const dueMs: number[] = []
    this.#dueMs.push(dueMs)
    stream.onRenewed = () => this.#answered(stream, dueMs.shift() ?? 0)
    this.#renewAt(this.#startMs + offsetMs + Math.max(periods, 0) * this.#periodMs, stream, dueMs)
  }

  /** What became of the messages that are due in so many seconds; a time counts from when the message was due. */
  async measure(seconds: number): Promise<Renewed> {
    const fromMs = performance.now()
    const toMs = fromMs + seconds * 1e3
    const measured = { fromMs, toMs, latencies: new Latencies(), renewals: 0 }
    this.#measured = measured
    await sleep(seconds * 1e3)
    while (this.#dueMs.some(([oldestMs = Number.POSITIVE_INFINITY]) => oldestMs < toMs)) {
      if (performance.now() > toMs + longestDrainMs) throw new Error('renewals were not answered')
      await sleep(10)
    }
    this.#measured = undefined
    return { renewals: measured.renewals, latencies: measured.latencies, seconds }
  }

  /** No stream renews any more. */
  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #renewAt(atMs: number, stream: RenewalStream, dueMs: number[]): void {
    const renew = (): void => {
      dueMs.push(atMs)
      stream.renew()
      this.#renewAt(atMs + this.#periodMs, stream, dueMs)
    }
    this.#timers.set(stream, setTimeout(renew, Math.max(atMs - performance.now(), 0)))
  }

  #answered(stream: RenewalStream, dueMs: number): void {
    const measured = this.#measured
    if (measured === undefined || dueMs < measured.fromMs || dueMs >= measured.toMs) return
    measured.latencies.add(performance.now() - dueMs)
    measured.renewals += stream.leases
  }
}
