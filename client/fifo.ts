/** A queue whose first item is found at once, however many have gone before. */
export class Fifo<T> {
  #incoming: T[] = []
  /** Reversed: the first is at the end. */
  #outgoing: T[] = []

  get size(): number {
    return this.#incoming.length + this.#outgoing.length
  }

  push(item: T): void {
    this.#incoming.push(item)
  }

  shift(): T | undefined {
    if (this.#outgoing.length === 0) {
      this.#outgoing = this.#incoming.reverse()
      this.#incoming = []
    }
    return this.#outgoing.pop()
  }

  clear(): void {
    this.#incoming = []
    this.#outgoing = []
  }
}
