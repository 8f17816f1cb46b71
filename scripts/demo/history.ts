import { isLeaseChange, type LeaseChange, type LeaseholdClient } from '../../client/index.js'
import type { Clock } from '../../clock/clock.js'
import type { Told } from './event-stream.js'

/** A change, and when this process heard of it, in ms on Clock.monotonicMs. */
export interface Heard extends Told {
  readonly atMs: number
}

/** Every transition that the coordinator tells a watch, from its begin on and over breaks. */
export class History {
  readonly #changes: Heard[] = []
  #hasBegun = false

  /** All that was heard, in order. */
  get changes(): readonly Heard[] {
    return this.#changes
  }

  /** Whether it hears everything from here on. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** The newest revision that was heard; 0 for none. */
  get revision(): number {
    return this.#changes.at(-1)?.revision ?? 0
  }

  /**
   * Watches until the signal.
   *
   * @throws Error when it has missed something.
   */
  async follow(client: LeaseholdClient, clock: Clock, signal: AbortSignal): Promise<void> {
    for await (const event of client.watch({ signal })) {
      if (event.type === 'synced') this.#hasBegun = true
      else if (event.type === 'restarted') throw new Error('the watch could not go on where it was')
      else if (isLeaseChange(event) && event.type !== 'existing') this.#changes.push(heard(event, clock.monotonicMs()))
    }
  }

  /** What happened to a lease after a revision, the first of such a kind; undefined: not yet. */
  find(lease: string, type: string, afterRevision: number): Heard | undefined {
    return this.#changes.find(one => one.lease === lease && one.type === type && one.revision > afterRevision)
  }
}

const heard = ({ type, lease, revision }: LeaseChange, atMs: number): Heard => ({
  revision,
  type,
  lease: `${lease.namespace}/${lease.name}`,
  atMs,
})
