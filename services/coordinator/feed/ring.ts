const minLength = 16

/**
 * A queue in a circular array: adding at the end, dropping from the front and reading anywhere take constant time.
 * What it needs in memory follows what it has. A position never changes: the first item ever added is at 0, the next at 1, also after others have gone.
 */
export class Ring<T> {
  #items: (T | undefined)[] = new Array(minLength)
  #first = 0
  #end = 0

  /** The position of the oldest item; `end` when there is none. */
  get first(): number {
    return this.#first
  }

  /** The position that the next item will get. */
  get end(): number {
    return this.#end
  }

  get size(): number {
    return this.#end - this.#first
  }

  add(item: T): void {
    if (this.size === this.#items.length) this.#resize(this.#items.length * 2)
    this.#items[this.#end & (this.#items.length - 1)] = item
    this.#end += 1
  }

  /** @throws RangeError where nothing is, or is any more, at that position. */
  at(position: number): T {
    const item =
      position >= this.#first && position < this.#end ? this.#items[position & (this.#items.length - 1)] : undefined
    if (item === undefined) throw new RangeError(`no item at ${position}: ${this.#first} to ${this.#end} are there`)
    return item
  }

  /** Drops what is before a position. */
  dropBefore(position: number): void {
    for (const end = Math.min(position, this.#end); this.#first < end; this.#first += 1) {
      this.#items[this.#first & (this.#items.length - 1)] = undefined
    }
    let length = this.#items.length
    while (length > minLength && this.size <= length / 4) length /= 2
    if (length < this.#items.length) this.#resize(length)
  }

  /** The first position whose item is past something, in a ring whose items are sorted by it; `end` when none is. */
  firstWhere(isPast: (item: T) => boolean): number {
    let low = this.#first
    let high = this.#end
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (isPast(this.at(middle))) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The length stays a power of two, so that a position finds its place by a mask. */
  #resize(length: number): void {
    const items: (T | undefined)[] = new Array(length)
    for (let position = this.#first; position < this.#end; position += 1) {
      items[position & (length - 1)] = this.at(position)
    }
    this.#items = items
  }
}
