/** What is kept of a world that a seed drew. */
export interface SeedResult {
  readonly seed: number
  readonly broken?: string
  readonly seenBy?: string
  readonly counts: Readonly<Record<string, number>>
  readonly steps: number
  readonly virtualMs: number
  /** What the worker still has when what can go is collected, in bytes; 0: not looked at. */
  readonly memoryBytes: number
}

/** A sum over many worlds, which takes no more memory for more of them. */
export class Tally {
  seeds = 0
  broken = 0
  steps = 0
  virtualMs = 0
  readonly counts = new Map<string, number>()
  /** The first worlds in which something was broken, by their seeds in order. */
  readonly failures: SeedResult[] = []
  readonly #maxFailures: number

  constructor(maxFailures = 20) {
    this.#maxFailures = maxFailures
  }

  add(result: SeedResult): void {
    this.seeds++
    this.steps += result.steps
    this.virtualMs += result.virtualMs
    for (const [what, count] of Object.entries(result.counts)) {
      this.counts.set(what, (this.counts.get(what) ?? 0) + count)
    }
    if (result.broken === undefined) return
    this.broken++
    this.failures.push(result)
    this.failures.sort((one, other) => one.seed - other.seed)
    this.failures.length = Math.min(this.failures.length, this.#maxFailures)
  }
}
