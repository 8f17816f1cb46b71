/** How many strings are remembered: those that many leases have in common come close after each other. */
const mostStrings = 10_000

/** Lets leases share strings that are equal: each comes as an object of its own from a message or the journal. */
export class SharedStrings {
  readonly #strings = new Map<string, string>()

  /** The string as it was first seen, lately. */
  shared(text: string): string {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    if (this.#strings.size >= mostStrings) this.#strings.clear()
    this.#strings.set(text, text)
    return text
  }
}
