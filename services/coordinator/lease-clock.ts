import type { Clock, Timer } from '../../clock/clock.js'

/** How often the clock looks at the time by itself, so that only a stalled process leaves a gap. */
const beatMs = 25

/** What a longer gap counts for: the process was asleep, and whoever renewed meanwhile is not to blame. */
const longestGapMs = 100

/**
 * The clock that decides expiry: monotonic time less what goes beyond 100 ms of every gap in the event loop. A process
 * that was stopped for an hour finds its lease clock 100 ms on, and there it stands until what came in meanwhile is read.
 */
export class LeaseClock {
  /** Told of a gap; from then on the clock stands still until `goOn`. Without it, the clock goes on by itself. */
  onGap: (() => void) | undefined
  readonly #clock: Clock
  #now = 0
  #isStanding = false
  #lastRead: number
  #beat: Timer | undefined
  #gaps = 0
  #skippedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastRead = clock.monotonicMs()
  }

  start(): void {
    this.now()
    this.#beat = this.#clock.setTimer(beatMs, () => this.start())
  }

  stop(): void {
    this.#beat?.cancel()
  }

  /** Milliseconds since the clock was made. */
  now(): number {
    const read = this.#clock.monotonicMs()
    const elapsedMs = read - this.#lastRead
    this.#lastRead = read
    const counted = this.#isStanding ? 0 : Math.min(elapsedMs, longestGapMs)
    this.#now += counted
    this.#skippedMs += elapsedMs - counted
    if (elapsedMs > longestGapMs) {
      this.#gaps++
      this.#isStanding = this.onGap !== undefined
      this.onGap?.()
    }
    return this.#now
  }

  /** What came in during the gap is read: time counts again. */
  goOn(): void {
    this.now()
    this.#isStanding = false
  }

  /** How many gaps there were. */
  get gaps(): number {
    return this.#gaps
  }

  /** How much of them did not count, in ms. */
  get skippedMs(): number {
    return this.#skippedMs
  }
}
