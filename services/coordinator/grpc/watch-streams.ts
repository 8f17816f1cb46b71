import type { Clock } from '../../../clock/clock.js'
import type { CoordinatorPort } from '../coordinator-port.js'
import { OpenWatches } from '../reads/open-watches.js'
import { type ErrorLog, statusFor } from './status-details.js'
import { type WatchCall, watchStream } from './watch-stream.js'

export interface WatchStreamsOptions {
  readonly coordinator: CoordinatorPort
  readonly clock: Clock
  readonly log: ErrorLog
  /** The most watches at a time: 1,000. */
  readonly maxWatches?: number
  /** Shared with the other faces, whatever `maxWatches` says; absent: this face has its own. */
  readonly openWatches?: OpenWatches
}

/** The watch streams of a server: bounded in number, and ended together when it stops. */
export class WatchStreams {
  readonly #coordinator: CoordinatorPort
  readonly #clock: Clock
  readonly #log: ErrorLog
  readonly #open: OpenWatches

  constructor({ coordinator, clock, log, maxWatches, openWatches }: WatchStreamsOptions) {
    this.#coordinator = coordinator
    this.#clock = clock
    this.#log = log
    this.#open = openWatches ?? new OpenWatches(maxWatches)
  }

  /** How many there are; one that ended counts until its client has taken, or left, what was on its way. */
  get count(): number {
    return this.#open.count
  }

  /** The handler of WatchLeases. */
  begin(call: WatchCall): void {
    try {
      const watch = watchStream(call, this.#coordinator, this.#clock)
      this.#open.add(watch)
      call.on('cancelled', () => {
        watch.end()
        this.#open.delete(watch)
      })
      watch.run().catch(error => this.#fail(call, error))
    } catch (error) {
      this.#fail(call, error)
    }
  }

  /** Ends every stream with UNAVAILABLE, and takes no more. */
  endAll(): void {
    this.#open.endAll()
  }

  #fail(call: WatchCall, error: unknown): void {
    call.emit('error', statusFor(error, this.#log, call.getPath()))
  }
}
