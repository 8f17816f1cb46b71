import type { Clock } from '../clock/clock.js'

/** Looking at the clock that counts suspends is dear: thousands of messages a second share a look. */
const lookEveryMs = 1

/** A holder's time, which counts the time a machine sleeps: by a look at the clock, or by the last one while it is fresh. */
export class StepClock {
  readonly #clock: Clock
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #lookedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The time, by a look at the clock. */
  now(): number {
    this.#lookedAtMs = this.#clock.monotonicMs()
    this.#lookedMs = this.#clock.sinceBootMs()
    return this.#lookedMs
  }

  /**
   * The time for a step: the last look, if it is fresh, and what has passed since on the cheaper clock. It is never
   * ahead, so a request counts from no later than it was sent; `isHeld` and the like take no part in this.
   */
  stepTime(): number {
    const passedMs = this.#clock.monotonicMs() - this.#lookedAtMs
    return passedMs < lookEveryMs ? this.#lookedMs + passedMs : this.now()
  }
}
