/** Something with a deadline, in ms on the lease clock. The heap keeps its own two marks on it. */
export interface Scheduled {
  /** May move later at any time without telling the heap: that is what makes a renewal cost nothing. */
  deadline: number
  /** When the heap will look at it; never after the deadline. */
  wakeAt: number
  /** Its place in the heap; -1 when it is in none. */
  heapIndex: number
}

/**
 * What is due next, as a binary heap over `wakeAt`. Renewals leave the heap alone: an item whose deadline has moved
 * later is found at its old place once, and moved then. So the work is a few steps for each item a lease duration, and
 * none for items that are not due.
 */
export class Deadlines<Item extends Scheduled> {
  readonly #heap: Item[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When to look next: at or before the earliest deadline; Infinity with nothing to wait for. */
  get next(): number {
    return this.#heap[0]?.wakeAt ?? Number.POSITIVE_INFINITY
  }

  /** Takes the item in, or notes that its deadline is earlier than before. */
  schedule(item: Item): void {
    if (item.heapIndex < 0) {
      item.wakeAt = item.deadline
      item.heapIndex = this.#heap.length
      this.#heap.push(item)
      this.#rise(item)
    } else if (item.deadline < item.wakeAt) {
      item.wakeAt = item.deadline
      this.#rise(item)
    }
  }

  remove(item: Item): void {
    const index = item.heapIndex
    if (index < 0) return
    const last = this.#heap.pop()
    item.heapIndex = -1
    if (last === undefined || last === item) return
    this.#heap[index] = last
    last.heapIndex = index
    this.#rise(last)
    this.#sink(last)
  }

  /** Takes out an item whose deadline has come; undefined when none has. */
  popDue(now: number): Item | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.wakeAt > now) return undefined
      if (first.deadline <= now) {
        this.remove(first)
        return first
      }
      first.wakeAt = first.deadline
      this.#sink(first)
    }
  }

  #rise(item: Item): void {
    let index = item.heapIndex
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#heap[parentIndex]
      if (parent === undefined || parent.wakeAt <= item.wakeAt) break
      this.#heap[index] = parent
      parent.heapIndex = index
      index = parentIndex
    }
    this.#heap[index] = item
    item.heapIndex = index
  }

  #sink(item: Item): void {
    let index = item.heapIndex
    for (;;) {
      let child = this.#heap[2 * index + 1]
      const right = this.#heap[2 * index + 2]
      if (child === undefined) break
      if (right !== undefined && right.wakeAt < child.wakeAt) child = right
      if (child.wakeAt >= item.wakeAt) break
      const childIndex = child.heapIndex
      this.#heap[index] = child
      child.heapIndex = index
      index = childIndex
    }
    this.#heap[index] = item
    item.heapIndex = index
  }
}
