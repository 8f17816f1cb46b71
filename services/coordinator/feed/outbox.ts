import type { Transition } from '../lease/records.js'
import { type PackedTransition, PackedTransitions } from './packed-transitions.js'
import { Ring } from './ring.js'

/** Revisions whose transitions were given up: too many waited for NATS. */
export interface Gap {
  readonly fromRevision: number
  readonly throughRevision: number
}

/** What a snapshot must carry beside the transitions. */
export interface OutboxState {
  /** Every transition up to this revision is on NATS, or was told as a gap. */
  readonly publishedThrough: number
  readonly gap?: Gap
}

/** The next thing to publish. */
export type Unpublished =
  | { readonly type: 'transition'; readonly revision: number; readonly transition: Transition }
  | { readonly type: 'gap'; readonly revision: number; readonly gap: Gap }

/**
 * The transitions that are not on NATS yet, in revision order; before them at most one gap. Part of the state: it is
 * rebuilt from a snapshot and the records after it, each of which may come twice.
 *
 * A snapshot in slices takes the transitions first (`after`) and `state` last, since the oldest may become a gap
 * meanwhile. A restore adds the transitions, then restores the state, then replays.
 */
export class Outbox {
  readonly #transitions = new PackedTransitions()
  /** When transitions were added, on the monotonic clock: one item for all that came at the same time. */
  readonly #arrivals = new Ring<Arrival>()
  readonly #limit: number
  /** The position that was asked for last: publishing mostly asks for the one after it. */
  #lastPosition = 0
  #newest = 0
  #publishedThrough = 0
  #gap: Gap | undefined

  /** @param limit how many transitions may wait; beyond it the oldest become a gap. */
  constructor(limit = 1_000_000) {
    this.#limit = limit
  }

  /** How many transitions wait. */
  get size(): number {
    return this.#transitions.size
  }

  /** Whether there is nothing to publish. */
  get isEmpty(): boolean {
    return this.size === 0 && this.#gap === undefined
  }

  /** The newest revision that was ever added or published. */
  get newestRevision(): number {
    return this.#newest
  }

  get state(): OutboxState {
    return { publishedThrough: this.#publishedThrough, ...(this.#gap === undefined ? {} : { gap: this.#gap }) }
  }

  /** When the oldest transition that waits was added, in ms on the monotonic clock; undefined when none waits. */
  get oldestAddedMs(): number | undefined {
    return this.size === 0 ? undefined : this.#arrivals.at(this.#arrivals.first).ms
  }

  /**
   * Adds a durable transition, unless it is known.
   *
   * @param nowMs the monotonic clock's.
   * @param bytes those of the journal, where they are at hand.
   */
  add(transition: Transition, nowMs: number, bytes?: Uint8Array): void {
    const { revision } = transition.lease
    if (revision <= this.#newest) return
    this.#newest = revision
    const arrivals = this.#arrivals
    const isSameTime = arrivals.size > 0 && arrivals.at(arrivals.end - 1).ms === nowMs
    if (!isSameTime) arrivals.add({ position: this.#transitions.end, ms: nowMs })
    this.#transitions.add(transition, bytes)
    if (this.size > this.#limit) this.#giveUpOldest()
  }

  /** Every transition up to `revision` is on NATS, or told as a gap. Harmless when it was said before. */
  publishedThrough(revision: number): void {
    if (revision <= this.#publishedThrough) return
    this.#publishedThrough = revision
    this.#newest = Math.max(this.#newest, revision)
    this.#dropThrough(revision)
    if (this.#gap === undefined || this.#gap.fromRevision > revision) return
    const { throughRevision } = this.#gap
    this.#gap = throughRevision <= revision ? undefined : { fromRevision: revision + 1, throughRevision }
  }

  /** Restores what a snapshot carried, after its transitions were added. */
  restore(state: OutboxState): void {
    if (state.gap !== undefined) {
      const { fromRevision, throughRevision } = state.gap
      this.#gap = {
        fromRevision: Math.min(fromRevision, this.#gap?.fromRevision ?? fromRevision),
        throughRevision: Math.max(throughRevision, this.#gap?.throughRevision ?? throughRevision),
      }
      this.#newest = Math.max(this.#newest, throughRevision)
      this.#dropThrough(throughRevision)
    }
    this.publishedThrough(state.publishedThrough)
  }

  /** What to publish after a revision: a gap, else the first transition past it, else undefined. */
  nextAfter(revision: number): Unpublished | undefined {
    const gap = this.#gap
    if (gap !== undefined && gap.throughRevision > revision) {
      const fromRevision = Math.max(gap.fromRevision, revision + 1)
      return { type: 'gap', revision: gap.throughRevision, gap: { ...gap, fromRevision } }
    }
    const position = this.#positionAfter(revision)
    if (position === this.#transitions.end) return undefined
    return {
      type: 'transition',
      revision: this.#transitions.revisionAt(position),
      transition: this.#transitions.at(position),
    }
  }

  /** At most `count` transitions after a revision, for a slice of a snapshot. */
  after(revision: number, count: number): PackedTransition[] {
    const from = this.#positionAfter(revision)
    const through = Math.min(from + count, this.#transitions.end)
    return Array.from({ length: through - from }, (_, index) => this.#transitions.packedAt(from + index))
  }

  #positionAfter(revision: number): number {
    const next = this.#lastPosition + 1
    this.#lastPosition = this.#isAfter(next, revision) ? next : this.#transitions.positionAfter(revision)
    return this.#lastPosition
  }

  /** Whether the first transition past a revision is at this position. */
  #isAfter(position: number, revision: number): boolean {
    const { first, end } = this.#transitions
    if (position <= first || position > end) return false
    if (this.#transitions.revisionAt(position - 1) > revision) return false
    return position === end || this.#transitions.revisionAt(position) > revision
  }

  #dropThrough(revision: number): void {
    this.#dropBefore(this.#transitions.positionAfter(revision))
  }

  #dropBefore(position: number): void {
    const arrivals = this.#arrivals
    this.#transitions.dropBefore(position)
    if (this.size === 0) arrivals.dropBefore(arrivals.end)
    while (arrivals.size > 1 && arrivals.at(arrivals.first + 1).position <= position) {
      arrivals.dropBefore(arrivals.first + 1)
    }
  }

  #giveUpOldest(): void {
    const { first } = this.#transitions
    const revision = this.#transitions.revisionAt(first)
    this.#gap = { fromRevision: this.#gap?.fromRevision ?? revision, throughRevision: revision }
    this.#dropBefore(first + 1)
  }
}

/** From this position on transitions were added at this time. */
interface Arrival {
  readonly position: number
  readonly ms: number
}
