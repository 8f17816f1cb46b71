import { decodeEntry } from '../../services/coordinator/journal/entry-codec.js'
import type { MemoryStore } from '../../services/coordinator/journal/memory-journal.js'
import { LeaseTable } from '../../services/coordinator/lease/lease-table.js'
import type { Transition } from '../../services/coordinator/lease/records.js'
import type { Timeline } from './timeline.js'

/** What is durable in a world, read from the disk itself, whatever the coordinator believes of it. */
export class DurableHistory {
  /** What every durable record comes to, without any snapshot. */
  readonly table = new LeaseTable(0)
  /** Every durable transition, in order. */
  readonly transitions: Transition[] = []
  /** The true time at which each of them was durable. */
  readonly durableAtMs: number[] = []
  /** The newest revision up to which a cursor says that everything is on NATS. */
  publishedThrough = 0
  readonly #byRevision = new Map<number, number>()
  readonly #timeline: Timeline
  readonly #store: MemoryStore
  #lastSequence = 0

  constructor(timeline: Timeline, store: MemoryStore) {
    this.#timeline = timeline
    this.#store = store
  }

  /** Reads what has become durable since the last time. */
  readOn(): void {
    while (this.#lastSequence < this.#store.lastSequence) {
      this.#lastSequence++
      const bytes = this.#store.entries.get(this.#lastSequence)
      if (bytes === undefined) throw new Error(`entry ${this.#lastSequence} was trimmed before anybody could read it`)
      const { records, firstRevision } = decodeEntry(bytes, this.#lastSequence).entry
      this.table.restoreRevision(firstRevision - 1)
      for (const record of records) {
        this.table.apply(record)
        if (record.type === 'published') this.publishedThrough = Math.max(this.publishedThrough, record.throughRevision)
        if (record.type === 'published' || record.type === 'renewed') continue
        this.#byRevision.set(record.lease.revision, this.transitions.length)
        this.transitions.push(record)
        this.durableAtMs.push(this.#timeline.nowMs)
      }
    }
  }

  /** Where among the transitions the one of a revision is; undefined where no durable one has it. */
  indexOf(revision: number): number | undefined {
    return this.#byRevision.get(revision)
  }

  /** How many transitions there are up to a revision. */
  countThrough(revision: number): number {
    let [low, high] = [0, this.transitions.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.transitions[middle]?.lease.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}
