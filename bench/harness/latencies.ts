import { createHistogram } from 'node:perf_hooks'

/** Times that were measured, to three digits. */
export class Latencies {
  readonly #histogram = createHistogram({ figures: 3 })

  /** Notes a time in ms. */
  add(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1e6)))
  }

  addAll(other: Latencies): void {
    this.#histogram.add(other.#histogram)
  }

  get count(): number {
    return this.#histogram.count
  }

  /** The time, in ms, that so many percent did not exceed; 0 when there is none. */
  percentile(percent: number): number {
    return this.count === 0 ? 0 : this.#histogram.percentile(percent) / 1e6
  }

  /** Figures of a measurement. */
  figures(): { p50Ms: number; p99Ms: number; p999Ms: number; maxMs: number } {
    return {
      p50Ms: this.percentile(50),
      p99Ms: this.percentile(99),
      p999Ms: this.percentile(99.9),
      maxMs: this.count === 0 ? 0 : this.#histogram.max / 1e6,
    }
  }
}
