import type { Timeline } from './timeline.js'

/** How the clocks of a machine differ from true time. */
export interface ClockFaults {
  /** How fast its monotonic clock goes: 1.01 is one percent fast. */
  readonly rate: number
  /** What its wall clock is ahead, in µs. */
  readonly wallOffsetMicros: number
}

/** The wall clock of a machine without faults at the beginning of the world. */
const epochMicros = 1_750_000_000_000_000

/** The clocks of a machine, which its processes share. */
export class MachineClock {
  readonly #timeline: Timeline
  #rate: number
  /** When the clocks were looked at last, in true time, and what they showed. */
  #lookedMs: number
  #monotonicMs = 1_000_000
  #sinceBootMs = 1_000_000
  #suspends = 0
  #wokenMs = Number.NEGATIVE_INFINITY
  /** What the wall clock is ahead of true time, in µs; it may jump. */
  wallOffsetMicros: number

  constructor(timeline: Timeline, { rate, wallOffsetMicros }: ClockFaults) {
    this.#timeline = timeline
    this.#lookedMs = timeline.nowMs
    this.#rate = rate
    this.wallOffsetMicros = wallOffsetMicros
  }

  monotonicMs(): number {
    return this.#suspends > 0 ? this.#monotonicMs : this.#monotonicMs + this.#passedMs()
  }

  sinceBootMs(): number {
    return this.#sinceBootMs + this.#passedMs()
  }

  wallMicros(): number {
    return epochMicros + Math.floor(this.#timeline.nowMs * 1e3) + this.wallOffsetMicros
  }

  /** How much true time passes until the monotonic clock shows `monotonicMs`; 0 when it does. */
  untilMs(monotonicMs: number): number {
    return Math.max(0, (monotonicMs - this.monotonicMs()) / this.#rate)
  }

  /** From now on its clocks go so fast. */
  set rate(rate: number) {
    this.#look()
    this.#rate = rate
  }

  /** The machine sleeps, until it is woken as often: what counts from its start goes on, the monotonic clock stands. */
  suspend(): void {
    this.#look()
    this.#suspends++
  }

  wake(): void {
    this.#look()
    this.#suspends--
    this.#wokenMs = this.#lookedMs
  }

  /** For how long the machine is awake again, in true time. */
  get awakeMs(): number {
    return this.#suspends > 0 ? 0 : this.#timeline.nowMs - this.#wokenMs
  }

  #look(): void {
    const { nowMs } = this.#timeline
    ;[this.#monotonicMs, this.#sinceBootMs, this.#lookedMs] = [this.monotonicMs(), this.sinceBootMs(), nowMs]
  }

  #passedMs(): number {
    return (this.#timeline.nowMs - this.#lookedMs) * this.#rate
  }
}
