import { type Client, connectivityState } from '@grpc/grpc-js'
import { systemClock } from '../clock/system-clock.js'

/** How long a connection may take until it carries calls. */
const connectTimeoutMs = 5_000

/**
 * Ends calls that wait for a connection which comes about and never speaks: a peer that accepts and then is gone, a
 * balancer with nobody behind it. grpc-js itself would wait for ever, and its keepalive begins only afterwards.
 */
export class ConnectTimeout {
  readonly #client: Client
  #waiting: Set<() => void> | undefined
  #hasPassed = false

  constructor(client: Client) {
    this.#client = client
  }

  /** Calls `giveUp` once there was no connection for too long, however many calls it took; returns how to stop that. */
  watch(giveUp: () => void): () => void {
    if (this.#client.getChannel().getConnectivityState(false) === connectivityState.READY) {
      this.#hasPassed = false
      return () => {}
    }
    if (this.#hasPassed) queueMicrotask(giveUp)
    this.#waiting ??= this.#begin()
    const waiting = this.#waiting.add(giveUp)
    return () => waiting.delete(giveUp)
  }

  #begin(): Set<() => void> {
    const waiting = new Set<() => void>()
    // As for a call, grpc-js takes only a time of the machine's wall clock.
    const deadline = new Date(systemClock.wallMicros() / 1e3 + connectTimeoutMs)
    this.#client.waitForReady(deadline, error => {
      this.#waiting = undefined
      this.#hasPassed = error !== undefined
      if (this.#hasPassed) for (const giveUp of waiting) giveUp()
    })
    return waiting
  }
}
