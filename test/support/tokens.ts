/** Every fencing token that anybody was given, and what is wrong with them. */
export class Tokens {
  readonly faults: string[] = []
  readonly #tenancies = new Map<number, string>()
  readonly #greatest = new Map<string, number>()

  get size(): number {
    return this.#tenancies.size
  }

  /**
   * A tenancy was told its token; it may be told the same one again.
   *
   * @param tenancy who it is, another text for each.
   */
  told(lease: string, tenancy: string, token: number): void {
    const before = this.#tenancies.get(token)
    const greatest = this.#greatest.get(lease) ?? 0
    if (before === tenancy) return
    if (before !== undefined) this.faults.push(`token ${token} was given to ${before} and to ${tenancy}`)
    if (token <= greatest) this.faults.push(`${tenancy} got token ${token} after ${greatest}`)
    this.#tenancies.set(token, tenancy)
    this.#greatest.set(lease, Math.max(token, greatest))
  }
}
