import type { LeaseError } from '../lease/errors.js'
import type { Selectable } from '../lease/lease.js'
import type { LeaseRecord, Renewals } from '../lease/records.js'
import type { LiveLease } from './live-lease.js'
import { PendingRenewals } from './pending-renewals.js'
import { type FeedChange, select } from './selection.js'
import type { Window } from './window.js'

export interface WatchOptions {
  /** Whether the watcher selects this lease: by namespace, name and labels, which alone may decide. */
  matches(lease: Selectable): boolean
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
 * One reader of the feed: a position in the shared window, so that a slow one costs no memory. Pause it while its
 * stream is full; it is cut off when the window has moved past a change that it was still to hear.
 */
export class Watcher {
  readonly #source: WatchSource
  readonly #options: WatchOptions
  readonly #after: number
  readonly #renewals: PendingRenewals | undefined
  #position: number
  #state: 'open' | 'paused' | 'closed' = 'open'
  #delivering = false
  #scheduled = false
  readonly #onClose: () => void

  constructor(source: WatchSource, options: WatchOptions, onClose: () => void) {
    this.#source = source
    this.#options = options
    this.#onClose = onClose
    this.#after = options.resumeAfter ?? source.window.revision
    this.#position = source.window.positionAfter(this.#after)
    if (options.includeRenewals) {
      this.#renewals = new PendingRenewals(options.resumeAfter)
      this.#schedule()
    } else if (this.#position < source.window.end) this.#schedule()
  }

  /** A resume after this revision would miss nothing: what a bookmark says. */
  get revision(): number {
    const { window } = this.#source
    const told = this.#position < window.end ? window.at(this.#position).lease.revision - 1 : window.revision
    return Math.max(this.#after, Math.min(told, this.#renewals?.revisionBefore ?? told))
  }

  /** How many transitions of the window, and renewed leases, are still to be told or passed over. */
  get queued(): number {
    return this.#source.window.end - this.#position + (this.#renewals?.size ?? 0)
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

  /** For the feed: notes the renewals of a durable entry, which the window does not have. */
  note(records: readonly LeaseRecord[]): void {
    const renewals = this.#renewals
    if (renewals === undefined) return
    for (const record of records) {
      if (record.type === 'published') continue
      if (record.type === 'renewed') this.#noteRenewals(record, renewals)
      else renewals.delete(record.lease.id)
    }
  }

  /** For the feed: passes over what is not selected before a position; false where a change waits there to be told. */
  passTo(position: number): boolean {
    while (this.#position < position) {
      if (this.#changeAt(this.#position) !== undefined) return false
      this.#position += 1
    }
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
    const { window } = this.#source
    const changes: FeedChange[] = []
    for (; this.#position < window.end && changes.length < maxDelivery; this.#position += 1) {
      const change = this.#changeAt(this.#position)
      if (change !== undefined) changes.push(change)
    }
    // Renewals come after the transitions that wait, so that no lease goes back.
    if (this.#renewals === undefined || this.#position < window.end) return { changes, renewedIds: [] }
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
    const lease = live.current()
    if (this.#options.matches(lease)) changes.push({ type: 'renewed', lease })
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

  #changeAt(position: number): FeedChange | undefined {
    const transition = this.#source.window.at(position)
    return transition.lease.revision > this.#after
      ? select(transition, lease => this.#options.matches(lease))
      : undefined
  }

  /** Runs for each of a million renewals in ten seconds: it makes no object, and no image. */
  #noteRenewals({ firstRevision, leaseIds }: Renewals, renewals: PendingRenewals): void {
    for (let index = 0; index < leaseIds.length; index++) {
      const leaseId = leaseIds[index] ?? 0
      const revision = firstRevision + index
      if (revision > this.#after && renewals.isNews(leaseId) && this.#selects(leaseId)) renewals.add(leaseId, revision)
    }
  }

  /** A transition that is ahead of the journal was not told yet: its own entry tells it. */
  #selects(leaseId: number): boolean {
    const lease = this.#source.leaseOf(leaseId)
    return lease !== undefined && lease.changeRevision <= this.#source.window.revision && this.#options.matches(lease)
  }

  #hasMore(): boolean {
    return this.#position < this.#source.window.end || (this.#renewals?.isPending ?? false)
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
