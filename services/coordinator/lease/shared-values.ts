/** How many values are remembered: those that many leases have in common come close after each other. */
const mostValues = 10_000

/**
 * Lets leases share strings and numbers that are equal: each comes as an object of its own from a message or the
 * journal, and most numbers that were computed are objects, too.
 */
export class SharedValues {
  readonly #values = new Map<string | number, string | number>()

  /** The value as it was first seen, lately. */
  shared<Value extends string | number>(value: Value): Value {
    // What is found is equal to the value, so it is of its type.
    const known = this.#values.get(value) as Value | undefined
    if (known !== undefined) return known
    if (this.#values.size >= mostValues) this.#values.clear()
    this.#values.set(value, value)
    return value
  }
}
