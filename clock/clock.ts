/** A timer that was set; `cancel` is harmless after it fired. */
export interface Timer {
  cancel(): void
}

/** The only source of time. The composition root injects it, so that one simulator can own the world. */
export interface Clock {
  /** Milliseconds, with fractions, from some fixed point, never going back; stands still while the machine is suspended. */
  monotonicMs(): number
  /**
   * Milliseconds since the machine started, never going back, and counting the time it was suspended where the
   * platform tells it: a holder's clock. Processes on one Linux machine share it. Dearer to read than `monotonicMs`.
   */
  sinceBootMs(): number
  /** Microseconds since the Unix epoch, a whole number: for people and for Kubernetes clients, never for a decision. */
  wallMicros(): number
  /** Calls `fire` once, not before `delayMs` have passed. A set timer keeps the process running. */
  setTimer(delayMs: number, fire: () => void): Timer
  /** Calls `run` after the event loop has polled its sockets once. */
  afterPoll(run: () => void): void
}
