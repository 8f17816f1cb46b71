import BTreeModule from 'sorted-btree'

// The package is CommonJS and says so by a `default` of its own.
const BTree = BTreeModule.default

/** How many keys a node of the tree has at most: with 64 a million keys take a third less memory than with its usual 32. */
const nodeSize = 64

/** A map that can be walked in the order of its keys, too. */
export class SortedMap<Value> {
  readonly #values = new Map<string, Value>()
  readonly #order = new BTree<string, undefined>(undefined, undefined, nodeSize)

  get size(): number {
    return this.#values.size
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value)
    this.#order.set(key, undefined)
  }

  delete(key: string): void {
    this.#values.delete(key)
    this.#order.delete(key)
  }

  /** The entries from a key on, in order; the map must not change meanwhile. */
  *from(firstKey: string): Generator<[key: string, value: Value]> {
    for (const key of this.#order.keys(firstKey)) {
      const value = this.#values.get(key)
      if (value !== undefined) yield [key, value]
    }
  }
}
