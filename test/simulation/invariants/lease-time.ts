import type { SimulatedProcess } from '../process.js'

/** What of a pause the lease clock may count. */
const countedOfPauseMs = 100

/**
 * The most that the lease clock of a coordinator may show: its monotonic clock, less what goes beyond 100 ms of each of its
 * pauses. What should not happen before a time of the lease clock does not happen before the same time of this one.
 */
export class LeaseTime {
  #process: SimulatedProcess | undefined
  #skippedMs = 0
  #pausedAtMs: number | undefined

  /** Counts on with another process; times of the one before mean nothing any more. */
  follow(process: SimulatedProcess | undefined): void {
    this.#process = process
    this.#skippedMs = 0
    this.#pausedAtMs = undefined
    this.look()
  }

  /** Sees a pause begin or end; to be called after each step. */
  look(): void {
    const process = this.#process
    if (process === undefined) return
    if (process.isPaused) this.#pausedAtMs ??= process.monotonicMs()
    else if (this.#pausedAtMs !== undefined) {
      this.#skippedMs += Math.max(0, process.monotonicMs() - this.#pausedAtMs - countedOfPauseMs)
      this.#pausedAtMs = undefined
    }
  }

  /** Whether the process is in a pause. */
  get isPaused(): boolean {
    return this.#pausedAtMs !== undefined
  }

  now(): number {
    const monotonicMs = this.#process?.monotonicMs() ?? 0
    return Math.min(monotonicMs, this.afterPauseMs) - this.#skippedMs
  }

  /** What it shows at most when the present pause is over; Infinity while there is none. */
  get latestAfterPause(): number {
    return this.afterPauseMs - this.#skippedMs
  }

  private get afterPauseMs(): number {
    return this.#pausedAtMs === undefined ? Number.POSITIVE_INFINITY : this.#pausedAtMs + countedOfPauseMs
  }
}
