import type { Random } from '../clock/random.js'

/** Between tries: the bound of the first delay, and of the longest. */
const firstDelayMs = 100
const longestDelayMs = 5_000
/** No delay is shorter, so that a coordinator which refuses at once does not make us spin. */
export const shortestDelayMs = 10

/**
 * How long to wait before the next try: anything up to a bound that doubles with each failure (full jitter), so that
 * clients which failed together do not come back together. It never gives up.
 */
export class Backoff {
  readonly #random: Random
  #failures = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** The delay before the next try. */
  nextMs(): number {
    const boundMs = Math.min(firstDelayMs * 2 ** this.#failures, longestDelayMs)
    this.#failures++
    return Math.max(this.#random.fraction() * boundMs, shortestDelayMs)
  }

  /** A try succeeded. */
  reset(): void {
    this.#failures = 0
  }
}
