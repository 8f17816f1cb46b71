import type { LeaseError } from '../lease/errors.js'
import type { Selectable } from '../lease/lease.js'
import type { LiveLease } from './live-lease.js'
import { PendingRenewals } from './pending-renewals.js'
import type { Scope } from './scope.js'
import type { ScopeChanges } from './scope-changes.js'
import { type FeedChange, select } from './selection.js'
import type { Window } from './window.js'

export interface WatchOptions {
  /** No other lease is ever looked at. */
  readonly scope: Scope
  /** Whether the watcher selects this lease of the scope: by namespace, name and labels, which alone may decide. */
  readonly matches: (lease: Selectable) => boolean
  /** Tell what changed after this revision first. Absent: from the newest durable entry on. */
  readonly resumeAfter?: number
  /** Tell renewals too, best effort: a watcher that is behind, or resumes, gets the newest state of a lease once. */
  readonly includeRenewals: boolean
  /** With includeRenewals: tell them as ids of leases, for which no image is made, and not as changes. */
  readonly compactRenewals?: boolean
  /**
   * The next changes, in order, and then the ids of leases that were renewed, each once. A resume at `revision` would
   * miss nothing after them. Called once an entry is durable, after a resume, or after `Watcher.resume`; never from
   * within itself, nor from within `Feed.watch`.
   */
  deliver(changes: readonly FeedChange[], revision: number, renewedIds: readonly number[]): void
  /** Called once, with SLOW_WATCHER: nothing is delivered any more. */
  cutOff(error: LeaseError): void
}

/** What a watcher needs of the feed. */
export interface WatchSource {
  readonly window: Window
  /** What of the window is in its scope. */
  readonly changes: ScopeChanges
  leaseOf(leaseId: number): LiveLease | undefined
  leases(): Iterator<LiveLease>
  afterPoll(run: () => void): void
}

/** The most changes that one delivery has, and the most ids of renewed leases beside them. */
const maxDelivery = 10_000

/** The most leases that a step of a walk looks at: fewer where each that is found becomes an image. */
const maxWalk = 1_000
const maxCompactWalk = 10_000

/**
 * One reader of the feed: a revision up to which it was told the changes of its scope, which all watchers of the scope
 * share, so that a slow one costs no memory. Pause it while its stream is full; it is cut off when the window has moved
 * past a change that it was still to hear.
 */
export class Watcher {
  readonly #source: WatchSource
  readonly #options: WatchOptions
  readonly #after: number
  readonly #renewals: PendingRenewals | undefined
  /** Every change up to this revision was told, or is not selected. */
  #toldThrough: number
  #state: 'open' | 'paused' | 'closed' = 'open'
  #delivering = false
  #scheduled = false
  readonly #onClose: () => void

  constructor(source: WatchSource, options: WatchOptions, onClose: () => void) {
    this.#source = source
    this.#options = options
    this.#onClose = onClose
    this.#after = options.resumeAfter ?? source.window.revision
    this.#toldThrough = this.#after
    if (options.includeRenewals) this.#renewals = new PendingRenewals(options.resumeAfter)
    if (this.#hasMore()) this.#schedule()
  }

  get includesRenewals(): boolean {
    return this.#renewals !== undefined
  }

  /** A resume after this revision would miss nothing: what a bookmark says. */
  get revision(): number {
    const told = this.#revisionBefore(this.#next)
    return Math.max(this.#after, Math.min(told, this.#renewals?.revisionBefore ?? told))
  }

  /** How many transitions of its scope, and renewed leases, are still to be told or passed over. */
  get queued(): number {
    return this.#source.changes.end - this.#next + (this.#renewals?.size ?? 0)
  }

  /** Holds deliveries until `resume`. */
  pause(): void {
    if (this.#state === 'open') this.#state = 'paused'
  }

  /** Goes on, at once where something waits, unless called from within a delivery. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'open'
    this.deliverPending()
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#onClose()
  }

  /** For the feed: ends the watch from the coordinator's side. */
  cutOff(error: LeaseError): void {
    if (this.#state === 'closed') return
    this.close()
    this.#options.cutOff(error)
  }

  /** For the feed: notes a renewal in its scope, which the window does not have. Runs for each one: it makes no image. */
  noteRenewal(lease: LiveLease, revision: number): void {
    const renewals = this.#renewals
    if (renewals === undefined || revision <= this.#after || !renewals.isNews(lease.id)) return
    // A transition that is ahead of the journal was not told yet: its own entry tells it.
    if (lease.changeRevision > this.#source.window.revision) return
    if (this.#options.matches(lease)) renewals.add(lease.id, revision)
  }

  /** For the feed: notes a transition in its scope, which tells more than the renewals before it. */
  noteTransition(leaseId: number): void {
    this.#renewals?.delete(leaseId)
  }

  /** For the feed: passes over what is not selected up to a revision; false where a change waits there to be told. */
  passThrough(revision: number): boolean {
    const { changes } = this.#source
    if (revision <= this.#toldThrough) return true
    for (let position = this.#next; position < changes.end; position += 1) {
      if (changes.at(position).lease.revision > revision) break
      if (this.#changeAt(position) !== undefined) return false
    }
    this.#toldThrough = revision
    return true
  }

  /** For the feed: delivers what is there, at most one delivery now and the rest after a poll. */
  deliverPending(): void {
    if (this.#state !== 'open' || this.#delivering) return
    const { changes, renewedIds } = this.#take()
    if (changes.length > 0 || renewedIds.length > 0) {
      this.#delivering = true
      try {
        this.#options.deliver(changes, this.revision, renewedIds)
      } finally {
        this.#delivering = false
      }
    }
    if (this.#hasMore()) this.#schedule()
  }

  #take(): { changes: FeedChange[]; renewedIds: readonly number[] } {
    const { end } = this.#source.changes
    const changes: FeedChange[] = []
    let position = this.#next
    for (; position < end && changes.length < maxDelivery; position += 1) {
      const change = this.#changeAt(position)
      if (change !== undefined) changes.push(change)
    }
    this.#toldThrough = Math.max(this.#after, this.#revisionBefore(position))
    // Renewals come after the transitions that wait, so that no lease goes back.
    if (this.#renewals === undefined || position < end) return { changes, renewedIds: [] }
    if (this.#options.compactRenewals) return { changes, renewedIds: this.#takeRenewedIds(this.#renewals) }
    this.#takeRenewed(this.#renewals, changes)
    return { changes, renewedIds: [] }
  }

  /** Within a delivery the renewals are sorted in. */
  #takeRenewed(renewals: PendingRenewals, changes: FeedChange[]): void {
    const before = changes.length
    for (const leaseId of renewals.take(maxDelivery - changes.length)) {
      const lease = this.#source.leaseOf(leaseId)
      if (lease !== undefined) this.#pushRenewed(lease, changes)
    }
    for (const lease of renewals.walk(this.#source, maxWalk)) this.#pushRenewed(lease, changes)
    if (changes.length > before) changes.sort((a, b) => a.lease.revision - b.lease.revision)
  }

  #pushRenewed(live: LiveLease, changes: FeedChange[]): void {
    if (!this.#isRenewal(live.revision)) return
    if (this.#options.matches(live)) changes.push({ type: 'renewed', lease: live.current() })
  }

  /** What was noted is durable and selected, and no transition came since; a walk meets every lease. */
  #takeRenewedIds(renewals: PendingRenewals): number[] {
    const ids = renewals.take(maxDelivery)
    for (const lease of renewals.walk(this.#source, maxCompactWalk)) {
      // What ran out after its renewal was not renewed last, also where the window no longer has that.
      const isRenewed = lease.state === 'held' && this.#isRenewal(lease.revision)
      if (isRenewed && this.#options.matches(lease)) ids.push(lease.id)
    }
    return ids
  }

  /** Whether a live lease was renewed last. One that is ahead of the journal comes again when its entry is durable. */
  #isRenewal(revision: number): boolean {
    const { window } = this.#source
    return revision <= window.revision && !window.has(revision)
  }

  /** The position of the next transition that was not told or passed over. */
  get #next(): number {
    return this.#source.changes.firstAfter(this.#toldThrough)
  }

  /** Whatever is before a position has this revision at most. */
  #revisionBefore(position: number): number {
    const { changes, window } = this.#source
    return position < changes.end ? changes.at(position).lease.revision - 1 : window.revision
  }

  #changeAt(position: number): FeedChange | undefined {
    return select(this.#source.changes.at(position), this.#options.matches)
  }

  #hasMore(): boolean {
    return this.#next < this.#source.changes.end || (this.#renewals?.isPending ?? false)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#source.afterPoll(() => {
      this.#scheduled = false
      this.deliverPending()
    })
  }
}
