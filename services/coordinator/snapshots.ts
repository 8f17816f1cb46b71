import type { Clock } from '../../clock/clock.js'
import { nextSlice } from '../../clock/next-slice.js'
import type { Outbox } from './feed/outbox.js'
import type { Journal } from './journal/journal.js'
import { type SnapshotSize, takeSnapshot } from './journal/snapshot.js'
import type { OpenCoordinator } from './open-coordinator.js'

export interface SnapshotsOptions {
  readonly open: OpenCoordinator
  readonly journal: Journal
  readonly clock: Clock
  /** Appended bytes between two snapshots, at least; and at least the size of the last one. */
  readonly everyBytes: number
  /** Bytes that can still be written: a snapshot is not begun where the next one could not fit. */
  readonly freeBytes: () => number
  /** How many leases or transitions are written before the event loop turns: 1,000. */
  readonly sliceSize?: number
  readonly onTaken?: (size: SnapshotSize, durationMs: number) => void
  /** A snapshot failed; the one before it still counts, and the next is tried in its time. */
  readonly onFailure: (error: Error) => void
}

/** Takes a snapshot in the background whenever so much was appended since the last. */
export class Snapshots {
  readonly #options: SnapshotsOptions
  #appendedBytes = 0
  #lastBytes = 0
  #running: Promise<void> | undefined

  constructor(options: SnapshotsOptions) {
    this.#options = options
  }

  /** An entry of this size is durable. */
  appended(bytes: number): void {
    const { everyBytes, freeBytes } = this.#options
    this.#appendedBytes += bytes
    if (this.#appendedBytes < Math.max(everyBytes, this.#lastBytes) || this.#running !== undefined) return
    if (freeBytes() < 2 * this.#lastBytes) return
    this.#appendedBytes = 0
    this.#running = this.#take().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when no snapshot is on its way. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #take(): Promise<void> {
    const { open, journal, clock, sliceSize = 1_000, onTaken, onFailure } = this.#options
    const { coordinator, table, outbox } = open
    const startedMs = clock.monotonicMs()
    try {
      // Replay begins with the entry that this batch becomes.
      const begin = await coordinator.execute('read', leases => ({
        sequence: coordinator.lastSequence + 1,
        header: { revision: leases.revision, publishedThrough: outbox.state.publishedThrough },
      }))
      const size = await takeSnapshot({
        journal,
        sequence: begin.sequence,
        header: begin.header,
        leases: table.images(),
        unpublished: waiting(outbox, sliceSize),
        gap: () => outbox.state.gap,
        publishedThrough: () => outbox.state.publishedThrough,
        settled: () => coordinator.execute('read', () => undefined),
        // While very many leases expire at once, which is when most is appended, they come first.
        nextSlice: run => nextSlice(clock, coordinator.isMoreDue, run),
        sliceSize,
      })
      this.#lastBytes = size.bytes
      onTaken?.(size, clock.monotonicMs() - startedMs)
    } catch (error) {
      onFailure(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

/** The bytes of the transitions that wait for NATS, slice by slice, while they come and go. */
function* waiting(outbox: Outbox, sliceSize: number): Generator<Uint8Array> {
  let revision = 0
  for (let slice = outbox.after(revision, sliceSize); slice.length > 0; slice = outbox.after(revision, sliceSize)) {
    for (const { bytes } of slice) yield bytes
    revision = slice.at(-1)?.revision ?? revision
  }
}
