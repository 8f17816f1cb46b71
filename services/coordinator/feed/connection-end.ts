import type { NatsConnection } from 'nats'

/**
 * Waits for something on a connection, or for its end. Racing each wait with `connection.closed()` would keep every one
 * of them for as long as the connection lives.
 */
export class ConnectionEnd {
  readonly #waiting = new Set<() => void>()
  #hasEnded = false

  constructor(connection: NatsConnection) {
    void connection.closed().then(() => {
      this.#hasEnded = true
      for (const wake of this.#waiting) wake()
    })
  }

  /** Resolves when the promise does, or at the end; undefined then. Rejects as the promise does. */
  async or<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.#hasEnded) {
      promise.catch(() => {})
      return undefined
    }
    let wake: () => void = () => {}
    const woken = new Promise<undefined>(resolve => {
      wake = () => resolve(undefined)
    })
    this.#waiting.add(wake)
    try {
      return await Promise.race([promise, woken])
    } finally {
      this.#waiting.delete(wake)
    }
  }
}
