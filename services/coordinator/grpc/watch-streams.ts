import type { Clock } from '../../../clock/clock.js'
import { LeaseError } from '../lease/errors.js'
import type { CoordinatorPort } from './coordinator-port.js'
import { type ErrorLog, statusFor } from './status-details.js'
import { type WatchCall, WatchStream } from './watch-stream.js'

/** The watch streams of a server: bounded in number, and ended together when it stops. */
export class WatchStreams {
  readonly #coordinator: CoordinatorPort
  readonly #clock: Clock
  readonly #log: ErrorLog
  readonly #maxWatches: number
  readonly #streams = new Map<WatchCall, WatchStream>()
  #isDraining = false

  constructor(options: { coordinator: CoordinatorPort; clock: Clock; log: ErrorLog; maxWatches?: number }) {
    this.#coordinator = options.coordinator
    this.#clock = options.clock
    this.#log = options.log
    this.#maxWatches = options.maxWatches ?? 1000
  }

  /** How many there are; one that ended counts until its client has taken, or left, what was on its way. */
  get count(): number {
    return this.#streams.size
  }

  /** The handler of WatchLeases. */
  begin(call: WatchCall): void {
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      this.#fail(call, refusal)
      return
    }
    const stream = new WatchStream(call, this.#coordinator, this.#clock)
    this.#streams.set(call, stream)
    call.on('cancelled', () => {
      stream.end()
      this.#streams.delete(call)
    })
    stream.run().catch(error => this.#fail(call, error))
  }

  /** Ends every stream with UNAVAILABLE, and takes no more. */
  endAll(): void {
    this.#isDraining = true
    for (const stream of this.#streams.values()) stream.end(draining())
  }

  #refusal(): LeaseError | undefined {
    if (this.#isDraining) return draining()
    if (this.#streams.size < this.#maxWatches) return undefined
    const message = `there are ${this.#maxWatches} watches, as many as may: end some, or try again later`
    return new LeaseError('OVERLOADED', message, { retryAfterMs: 5_000 })
  }

  #fail(call: WatchCall, error: unknown): void {
    call.emit('error', statusFor(error, this.#log, call.getPath()))
  }
}

const draining = (): LeaseError =>
  new LeaseError('DRAINING', 'this coordinator is stopping: watch again after the last revision, here or elsewhere')
