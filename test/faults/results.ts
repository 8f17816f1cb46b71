import { appendFileSync } from 'node:fs'
import type { ExecutionContext } from 'ava'

/** What one test did and found, in numbers. */
export interface Result {
  readonly workload: string
  /** By kind. */
  readonly faults: Readonly<Record<string, number>>
  /** As in rounds, operations, histories, acknowledged, refused, lost. */
  readonly counts: Readonly<Record<string, number>>
}

/** Counts what a test did, for its log and, as a line of JSON in the file that FAULTS_RESULTS names, for `make faults`. */
export class Results {
  readonly #workload: string
  readonly #faults: Record<string, number> = {}
  readonly #counts: Record<string, number> = {}

  constructor(workload: string) {
    this.#workload = workload
  }

  /** A fault happened. */
  injected(kind: string): void {
    this.#faults[kind] = (this.#faults[kind] ?? 0) + 1
  }

  add(counts: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(counts)) this.#counts[name] = (this.#counts[name] ?? 0) + count
  }

  write(t: ExecutionContext): void {
    const result: Result = { workload: this.#workload, faults: this.#faults, counts: this.#counts }
    const path = process.env.FAULTS_RESULTS
    if (path !== undefined) appendFileSync(path, `${JSON.stringify(result)}\n`)
    t.log(
      [...Object.entries(this.#counts), ...Object.entries(this.#faults)].map(([what, n]) => `${what} ${n}`).join(', '),
    )
  }
}
