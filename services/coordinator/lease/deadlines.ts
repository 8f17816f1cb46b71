/** Something with a deadline, in ms on the lease clock. */
export interface Scheduled {
  /** May move later at any time without telling the heap: that is what makes a renewal cost nothing. */
  deadline: number
  /** The heap's own mark, the item's place in it; -1 when it is in none. */
  heapIndex: number
}

/** How many items may still be moved since their deadlines have. */
export interface MoveBudget {
  moves: number
}

/**
 * How many children an item has: their times are a line of a processor's cache, and each level that an item moves is an
 * item that must be told, somewhere in the memory. With two a million items are 20 levels, with eight 7.
 */
const childrenOfItem = 8

/**
 * What is due next, as a heap over when to look at each item, which is never after its deadline. Renewals leave
 * the heap alone: an item whose deadline has moved later is found at its old place once, and moved then. So the work is
 * a few steps for each item a lease duration, and none for items that are not due.
 */
export class Deadlines<Item extends Scheduled> {
  readonly #items: Item[] = []
  /** When to look at the item at the same place: an array of numbers has them unboxed, and close together. */
  readonly #wakeTimes: number[] = []

  get size(): number {
    return this.#items.length
  }

  /** When to look next: at or before the earliest deadline; Infinity with nothing to wait for. */
  get next(): number {
    return this.#wakeTimes[0] ?? Number.POSITIVE_INFINITY
  }

  /** Takes the item in, or notes that its deadline is earlier than before. */
  schedule(item: Item): void {
    const { deadline, heapIndex } = item
    if (heapIndex < 0) this.#rise(item, deadline, this.#items.length)
    else if (deadline < this.#wakeTimeAt(heapIndex)) this.#rise(item, deadline, heapIndex)
  }

  remove(item: Item): void {
    const index = item.heapIndex
    if (index < 0) return
    const last = this.#items.pop()
    const wakeTime = this.#wakeTimes.pop() ?? Number.POSITIVE_INFINITY
    item.heapIndex = -1
    if (last === undefined || last === item) return
    this.#rise(last, wakeTime, index)
    this.#sink(last, wakeTime, last.heapIndex)
  }

  /**
   * Takes out an item whose deadline has come; undefined when none has, or when the budget is used up: a million items
   * that were renewed at one time are to be moved at one time.
   */
  popDue(now: number, budget: MoveBudget = { moves: Number.POSITIVE_INFINITY }): Item | undefined {
    for (; budget.moves > 0; budget.moves--) {
      const first = this.#items[0]
      if (first === undefined || this.next > now) return undefined
      const { deadline } = first
      if (deadline <= now) {
        this.remove(first)
        return first
      }
      this.#sink(first, deadline, 0)
    }
    return undefined
  }

  /** Puts the item at the place, or nearer to the top. */
  #rise(item: Item, wakeTime: number, place: number): void {
    let index = place
    while (index > 0) {
      const parentIndex = Math.floor((index - 1) / childrenOfItem)
      const parent = this.#items[parentIndex]
      const parentTime = this.#wakeTimeAt(parentIndex)
      if (parent === undefined || parentTime <= wakeTime) break
      this.#put(parent, parentTime, index)
      index = parentIndex
    }
    this.#put(item, wakeTime, index)
  }

  /** Puts the item at the place, or farther from the top. */
  #sink(item: Item, wakeTime: number, place: number): void {
    const times = this.#wakeTimes
    let index = place
    for (;;) {
      const firstChild = childrenOfItem * index + 1
      const end = Math.min(firstChild + childrenOfItem, times.length)
      let childIndex = index
      let childTime = wakeTime
      for (let at = firstChild; at < end; at++) {
        const time = this.#wakeTimeAt(at)
        if (time >= childTime) continue
        childIndex = at
        childTime = time
      }
      const child = this.#items[childIndex]
      if (child === undefined || childIndex === index) break
      this.#put(child, childTime, index)
      index = childIndex
    }
    this.#put(item, wakeTime, index)
  }

  #put(item: Item, wakeTime: number, index: number): void {
    this.#items[index] = item
    this.#wakeTimes[index] = wakeTime
    item.heapIndex = index
  }

  #wakeTimeAt(index: number): number {
    return this.#wakeTimes[index] ?? Number.POSITIVE_INFINITY
  }
}
