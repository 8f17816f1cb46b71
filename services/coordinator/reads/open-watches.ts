import { LeaseError } from '../lease/errors.js'

/** A watch that can be ended from the coordinator's side. */
export interface EndableWatch {
  end(cause?: LeaseError): void
}

/** The watches that clients have open, through whatever face: bounded in number, and ended together. */
export class OpenWatches {
  readonly #max: number
  readonly #watches = new Set<EndableWatch>()
  #isDraining = false

  constructor(max = 1000) {
    this.#max = max
  }

  get count(): number {
    return this.#watches.size
  }

  /** @throws LeaseError DRAINING, OVERLOADED */
  add(watch: EndableWatch): void {
    if (this.#isDraining) throw draining()
    if (this.#watches.size >= this.#max) {
      const message = `there are ${this.#max} watches, as many as may: end some, or try again later`
      throw new LeaseError('OVERLOADED', message, { retryAfterMs: 5_000 })
    }
    this.#watches.add(watch)
  }

  delete(watch: EndableWatch): void {
    this.#watches.delete(watch)
  }

  /** Ends every watch, saying that this coordinator stops, and takes no more. */
  endAll(): void {
    this.#isDraining = true
    for (const watch of this.#watches) watch.end(draining())
  }
}

const draining = (): LeaseError =>
  new LeaseError('DRAINING', 'this coordinator is stopping: watch again after the last revision, here or elsewhere')
