import type { Waiter } from './session.js'

/** Who waits for one lease: the greater priority first, among equals the earlier. */
export class WaitQueue {
  readonly #waiters: Waiter[] = []

  get size(): number {
    return this.#waiters.length
  }

  get first(): Waiter | undefined {
    return this.#waiters[0]
  }

  /** Takes the waiter in and returns how many are before it. */
  add(waiter: Waiter): number {
    let low = 0
    let high = this.#waiters.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#waiters[middle]
      if (other !== undefined && other.priority >= waiter.priority) low = middle + 1
      else high = middle
    }
    this.#waiters.splice(low, 0, waiter)
    return low
  }

  remove(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter)
    if (index >= 0) this.#waiters.splice(index, 1)
  }

  /** How many are before a waiter that is in the queue. */
  ahead(waiter: Waiter): number {
    return this.#waiters.indexOf(waiter)
  }

  [Symbol.iterator](): IterableIterator<Waiter> {
    return this.#waiters.values()
  }
}
