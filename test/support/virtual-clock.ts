import type { Clock, Timer } from '../../clock/clock.js'

interface VirtualTimer {
  readonly dueMs: number
  readonly fire: () => void
}

/**
 * A clock that moves only when told. Timers fire inside `advance`, each at its own time, in the order they are due and
 * then set; what `afterPoll` was given runs when the timers of that moment have fired.
 */
export class VirtualClock implements Clock {
  #nowMs: number
  #suspendedMs = 0
  /** Sorted by the time they are due; equal ones in the order they were set. */
  readonly #timers: VirtualTimer[] = []
  #polls: (() => void)[] = []

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sinceBootMs(): number {
    return this.#nowMs + this.#suspendedMs
  }

  wallMicros(): number {
    return 1_750_000_000_000_000 + Math.round(this.sinceBootMs() * 1e3)
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(delayMs, 0), fire }
    let at = this.#timers.length
    while (at > 0 && (this.#timers[at - 1]?.dueMs ?? 0) > timer.dueMs) at--
    this.#timers.splice(at, 0, timer)
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer)
        if (index >= 0) this.#timers.splice(index, 1)
      },
    }
  }

  afterPoll(run: () => void): void {
    this.#polls.push(run)
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#timers.length
  }

  /** How long until the next timer is due; undefined when none is set. */
  get nextTimerInMs(): number | undefined {
    const next = this.#timers[0]
    return next === undefined ? undefined : Math.max(next.dueMs - this.#nowMs, 0)
  }

  /** Lets `ms` pass and runs what comes due, things set meanwhile included. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    while (this.#step(endMs));
    this.#nowMs = Math.max(this.#nowMs, endMs)
  }

  /** Like `advance`, and lets promises settle before and after each thing that comes due. */
  async run(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    do await settle()
    while (this.#step(endMs))
    this.#nowMs = Math.max(this.#nowMs, endMs)
  }

  /** The machine sleeps for `ms`: the time since boot goes on, the monotonic clock and the timers stand still. */
  suspend(ms: number): void {
    this.#suspendedMs += ms
  }

  /** The process is stopped or blocked for `ms`: time passes, nothing runs. What came due runs at the next `advance`. */
  block(ms: number): void {
    this.#nowMs += ms
  }

  /** Fires the next timer due by `endMs`, or polls; false when there is nothing to do until then. */
  #step(endMs: number): boolean {
    const next = this.#timers[0]
    if (this.#polls.length > 0 && (next === undefined || next.dueMs > this.#nowMs)) {
      const polls = this.#polls
      this.#polls = []
      for (const run of polls) run()
      return true
    }
    if (next === undefined || next.dueMs > endMs) return false
    this.#timers.shift()
    this.#nowMs = Math.max(this.#nowMs, next.dueMs)
    next.fire()
    return true
  }
}

/** Lets every promise that can settle do so. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
