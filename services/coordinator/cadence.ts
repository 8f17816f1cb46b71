/** Requests that wait no longer than this for their batch are no sign of overload. */
const usualWaitMs = 100

/** When they wait this long, clients are told to renew as rarely as is safe. */
const overloadWaitMs = 1_000

/** Half as often as usual: a holder then renews after half of its lease duration, and has time to try again. */
const mostStretch = 2

/** How long it takes to come from the most stretch back to none: all clients hurrying at once would be the next overload. */
const recoveryMs = 60_000

/**
 * How much further apart than usual clients are told to renew: under overload fewer heartbeats come, before any request
 * must be refused. It grows at once with how long requests wait, and goes back slowly.
 */
export class Cadence {
  #stretch = 1
  #at = 0

  /** From 1 to 2. `now` in ms on the lease clock. */
  stretch(now: number): number {
    const recovered = ((now - this.#at) / recoveryMs) * (mostStretch - 1)
    return Math.max(1, this.#stretch - recovered)
  }

  /** The first request of a batch was read so many ms before the batch closed. */
  waited(ms: number, now: number): void {
    const share = Math.min(1, Math.max(0, (ms - usualWaitMs) / (overloadWaitMs - usualWaitMs)))
    const stretch = 1 + share * (mostStretch - 1)
    if (stretch <= this.stretch(now)) return
    this.#stretch = stretch
    this.#at = now
  }
}
